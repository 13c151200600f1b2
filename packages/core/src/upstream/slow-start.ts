import type { BalancingPolicy } from './balancing.ts'
import type { LiveEndpoint } from './endpoint-state.ts'

/** The share that the least ramped endpoint gets: some requests must come, or it would never warm up. */
const LEAST = 0.1

/**
 * Endpoints that are new or came back, and how much of their share they take. Those of the first list are as old as each other. No timers: time is
 * compared when somebody asks.
 */
export class SlowStarts {
  readonly #window: number
  readonly #exponent: number
  /** By id: since when; `Infinity` while it is out. Endpoints with their full share are not in it. */
  readonly #since = new Map<string, number>()
  #known: ReadonlySet<string> = new Set()

  constructor({ window, aggression }: NonNullable<BalancingPolicy['slowStart']>) {
    this.#window = window
    this.#exponent = 1 / aggression
  }

  assign(endpoints: readonly LiveEndpoint[], now: number): void {
    const ids = new Set(endpoints.map(({ id }) => id))
    if (this.#known.size > 0) for (const id of ids) if (!this.#known.has(id)) this.#since.set(id, now)
    for (const id of this.#since.keys()) if (!ids.has(id)) this.#since.delete(id)
    this.#known = ids
  }

  /** It was seen to be out, or not. */
  saw(endpoint: LiveEndpoint, isAccepted: boolean, now: number): void {
    if (!isAccepted) this.#since.set(endpoint.id, Infinity)
    else if (this.#since.size > 0 && this.#since.get(endpoint.id) === Infinity) this.#since.set(endpoint.id, now)
  }

  /** How much of its share it takes now, above 0 and up to 1. */
  share({ id }: LiveEndpoint, now: number): number {
    if (this.#since.size === 0) return 1
    const since = this.#since.get(id)
    if (since === undefined) return 1
    const progress = (now - since) / this.#window
    if (progress >= 1) {
      this.#since.delete(id)
      return 1
    }
    return Math.max(LEAST, Math.max(progress, 0) ** this.#exponent)
  }
}
