/** Origins remembered by one cache. */
const MOST_ORIGINS = 1_000

/** TLS sessions to resume, by origin: a connection more to an endpoint costs less than the first. Of one transport, whose trust they carry. */
export class Tickets {
  readonly #byOrigin = new Map<string, Buffer>()

  get(origin: string): Buffer | undefined {
    return this.#byOrigin.get(origin)
  }

  set(origin: string, ticket: Buffer): void {
    this.#byOrigin.set(origin, ticket)
    if (this.#byOrigin.size > MOST_ORIGINS) this.#byOrigin.delete(this.#byOrigin.keys().next().value!)
  }
}
