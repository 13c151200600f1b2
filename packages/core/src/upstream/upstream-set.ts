import { EndpointPool } from './endpoint-state.ts'
import { LiveUpstream } from './live-upstream.ts'
import { sameData } from '../same.ts'
import { silentLogger } from '../log/logger.ts'
import type { CircuitListener } from './endpoint-state.ts'
import type { Logger } from '../log/logger.ts'
import type { UpstreamSettings } from './live-upstream.ts'

/** What makes an upstream the same one in the next generation. */
export interface UpstreamIdentity extends UpstreamSettings {
  /** Unique: the owner and the name. */
  readonly key: string
  /** As shown in metrics, logs and the admin API. */
  readonly name: string
}

/** What is known of a key, and the upstreams that have it: usually one; two while a generation with other settings starts or ends. */
interface Known {
  readonly pool: EndpointPool
  upstreams: readonly LiveUpstream[]
}

/** The upstreams of all live generations, each held by those that use it. What is known of a key is forgotten with its last upstream. */
export class UpstreamSet {
  readonly #log: Logger
  readonly #changed: CircuitListener
  readonly #held = new Map<LiveUpstream, { readonly key: string; users: number }>()
  readonly #byKey = new Map<string, Known>()

  constructor(log: Logger = silentLogger, changed: CircuitListener = () => {}) {
    this.#log = log
    this.#changed = changed
  }

  /** Keys that something is known of. */
  get size(): number {
    return this.#byKey.size
  }

  /** The running upstream of this identity, or a new one without endpoints. Matched by one `release`. */
  acquire(identity: UpstreamIdentity): LiveUpstream {
    const { key, name } = identity
    const known: Known = this.#byKey.get(key) ?? { pool: new EndpointPool(key, this.#log, this.#changed), upstreams: [] }
    const same = known.upstreams.find((upstream) => upstream.name === name && hasSettings(upstream, identity))
    if (same !== undefined) {
      this.#held.get(same)!.users += 1
      return same
    }
    const upstream = new LiveUpstream(name, known.pool, identity)
    known.upstreams = [...known.upstreams, upstream]
    this.#byKey.set(key, known)
    this.#held.set(upstream, { key, users: 1 })
    return upstream
  }

  release(upstreams: Iterable<LiveUpstream>): void {
    for (const upstream of upstreams) {
      const held = this.#held.get(upstream)
      if (held === undefined) continue
      held.users -= 1
      if (held.users > 0) continue
      this.#held.delete(upstream)
      const known = this.#byKey.get(held.key)!
      known.upstreams = known.upstreams.filter((other) => other !== upstream)
      if (known.upstreams.length === 0) this.#byKey.delete(held.key)
      upstream.dispose()
    }
  }
}

function hasSettings(upstream: LiveUpstream, settings: UpstreamSettings): boolean {
  return (
    upstream.handler === settings.handler &&
    upstream.hostMode === settings.hostMode &&
    sameData(upstream.transport, settings.transport) &&
    sameData(upstream.balancing, settings.balancing) &&
    sameData(upstream.health, settings.health)
  )
}
