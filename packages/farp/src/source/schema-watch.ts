import type { RouteSet } from '@octopus-gateway/core'

/** Tells when a service's documents changed, after the first time. */
export class SchemaWatch {
  readonly #updated: (service: string) => void
  readonly #known = new Map<string, ReadonlySet<string>>()

  constructor(updated: (service: string) => void) {
    this.#updated = updated
  }

  look(sets: readonly RouteSet[]): void {
    for (const { service, documents = [] } of sets) {
      if (documents.length === 0) continue
      const now = new Set(documents.map(({ hash }) => hash))
      const before = this.#known.get(service)
      this.#known.set(service, now)
      if (before === undefined) continue
      for (const hash of now) if (!before.has(hash)) this.#updated(service)
    }
    const names = new Set(sets.map(({ service }) => service))
    for (const service of this.#known.keys()) if (!names.has(service)) this.#known.delete(service)
  }
}
