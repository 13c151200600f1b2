import { LiveUpstream } from './live-upstream.ts'
import { sameData } from '../same.ts'
import type { EndpointPool } from './endpoint-state.ts'
import type { UpstreamSettings } from './live-upstream.ts'

/** What makes an upstream the same one in the next generation. */
export interface UpstreamIdentity extends UpstreamSettings {
  /** Unique: the owner and the name. */
  readonly key: string
  /** As shown in metrics, logs and the admin API. */
  readonly name: string
}

/** The upstreams of all live generations, each held by those that use it. */
export class UpstreamSet {
  readonly #pool: EndpointPool
  readonly #held = new Map<LiveUpstream, { readonly key: string; users: number }>()
  /** Usually one of a key; two while a generation with other settings starts or ends. */
  readonly #byKey = new Map<string, readonly LiveUpstream[]>()

  constructor(pool: EndpointPool) {
    this.#pool = pool
  }

  /** The running upstream of this identity, or a new one without endpoints. Matched by one `release`. */
  acquire(identity: UpstreamIdentity): LiveUpstream {
    const { key, name } = identity
    const known = this.#byKey.get(key) ?? []
    const same = known.find((upstream) => upstream.name === name && hasSettings(upstream, identity))
    if (same !== undefined) {
      this.#held.get(same)!.users += 1
      return same
    }
    const upstream = new LiveUpstream(name, this.#pool, identity, known[0]?.retryBudget)
    this.#byKey.set(key, [...known, upstream])
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
      const others = this.#byKey.get(held.key)!.filter((other) => other !== upstream)
      if (others.length === 0) this.#byKey.delete(held.key)
      else this.#byKey.set(held.key, others)
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
