import { createGateway } from '@octopus-gateway/core'
import { HEALTH } from '@octopus-gateway/core/lane'
import type { HealthControl, Verdict } from '@octopus-gateway/core/lane'
import type { DiscoveryProvider, Gateway, GatewayOptions, RouteSet, RouteSource, ServiceSet } from '@octopus-gateway/core'
import type { SupplyState } from './messages.ts'

/** A value for one reader at a time: the newest at once, then every later one. */
class Feed<T> {
  #value: T | undefined
  #wake: () => void = () => {}

  set(value: T): void {
    this.#value = value
    this.#wake()
  }

  async *values(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let seen: T | undefined
    while (!signal.aborted) {
      const value = this.#value
      if (value !== undefined && value !== seen) {
        seen = value
        yield value
        continue
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
}

/** The name of the source that keeps a worker's gateway from being synced before the control process is. It never has routes. */
const CONTROL = 'control process'

/**
 * Discovery, route sources and health checks of a worker's gateway: what the control process says takes the place of registries and
 * services, which are asked by that process alone.
 */
export class Supply {
  readonly #services = new Feed<ServiceSet>()
  readonly #sources = new Map<string, { readonly source: RouteSource; readonly feed: Feed<readonly RouteSet[]> }>()
  readonly #provider: DiscoveryProvider
  readonly #gate: { readonly source: RouteSource; readonly feed: Feed<readonly RouteSet[]> }
  /** The sets in use, by number. */
  #sets = new Map<number, RouteSet>()
  #verdicts: readonly Verdict[] = []
  #health: HealthControl | null = null
  #latest: SupplyState | undefined
  #arrived: () => void = () => {}
  readonly #first = new Promise<void>((resolve) => (this.#arrived = resolve))

  constructor() {
    this.#provider = { name: CONTROL, watch: (signal) => this.#services.values(signal) }
    this.#gate = sourceNamed(CONTROL)
  }

  /** A gateway of these options: what this one does not ask the network for, the control process tells. */
  gateway(options: GatewayOptions): Gateway {
    const gateway = createGateway(this.options(options))
    this.#health = (gateway as Gateway & { readonly [HEALTH]: HealthControl })[HEALTH]
    // Before it is ready: nothing may be asked here even once.
    this.#health.follow()
    this.#health.apply(this.#verdicts)
    return gateway
  }

  /** What the checks of the control process have found. */
  judge(verdicts: readonly Verdict[]): void {
    this.#verdicts = verdicts
    this.#health?.apply(verdicts)
  }

  /** The same options with discovery and sources replaced. */
  options(options: GatewayOptions): GatewayOptions {
    const names = new Set<string>()
    for (const { name } of options.sources ?? []) names.add(freeName(name, names))
    const sources = [...names].map((name) => this.#sourceOf(name).source)
    return { ...options, discovery: [this.#provider], sources: [...sources, this.#gate.source] }
  }

  /** Resolves when a gateway with these options serves all that is known now. */
  async settled(gateway: Gateway): Promise<void> {
    await this.#first
    if (this.#latest!.isSynced) await gateway.synced
  }

  /** The routes of one service; used from the next state on. */
  keep(number: number, set: RouteSet): void {
    this.#sets.set(number, set)
  }

  apply(state: SupplyState): void {
    const used = new Map<number, RouteSet>()
    this.#latest = state
    const told = new Set<string>()
    for (const [name, numbers] of state.sources) {
      const list = numbers.map(([service, number]) => {
        const set = this.#sets.get(number)
        if (set === undefined) throw new Error(`The control process named a set of ${service} that it has not sent.`)
        used.set(number, set)
        return set
      })
      told.add(name)
      this.#sourceOf(name).feed.set(list)
    }
    // A source of a configuration that the control process does not have yet, or no longer.
    for (const [name, { feed }] of this.#sources) if (!told.has(name)) feed.set([])
    this.#sets = used
    this.#services.set(state.services)
    if (state.isSynced) this.#gate.feed.set([])
    this.#arrived()
  }

  #sourceOf(name: string): { readonly source: RouteSource; readonly feed: Feed<readonly RouteSet[]> } {
    let one = this.#sources.get(name)
    if (one === undefined) this.#sources.set(name, (one = sourceNamed(name)))
    return one
  }
}

function sourceNamed(name: string): { readonly source: RouteSource; readonly feed: Feed<readonly RouteSet[]> } {
  const feed = new Feed<readonly RouteSet[]>()
  return { feed, source: { name, watch: ({ signal }) => feed.values(signal) } }
}

/** Two sources of one name get numbers, as in the snapshot of the control process. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`
  return free
}
