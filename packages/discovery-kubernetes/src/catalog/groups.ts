/** Which keys belong to a key: the slices of a Service, or of a pod. */
export class Groups {
  readonly #groups = new Map<string, Set<string>>()

  /** In the order of the alphabet. */
  of(key: string): readonly string[] {
    return [...(this.#groups.get(key) ?? [])].sort()
  }

  add(key: string, member: string): void {
    this.#groups.set(key, (this.#groups.get(key) ?? new Set()).add(member))
  }

  delete(key: string, member: string): void {
    const group = this.#groups.get(key)
    group?.delete(member)
    if (group?.size === 0) this.#groups.delete(key)
  }
}
