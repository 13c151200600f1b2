import { LiveUpstream } from './live-upstream.ts'
import type { EndpointPool } from './endpoint-state.ts'
import type { UpstreamHandler } from './definition.ts'

/** What makes an upstream the same one in the next generation. */
export interface UpstreamIdentity {
  /** Unique: the owner and the name. */
  readonly key: string
  /** As shown in metrics, logs and the admin API. */
  readonly name: string
  readonly handler: UpstreamHandler | null
  readonly hostMode: 'preserve' | 'upstream'
}

/** The upstreams of all live generations, each held by those that use it. */
export class UpstreamSet {
  readonly #pool: EndpointPool
  readonly #held = new Map<LiveUpstream, number>()
  readonly #byKey = new Map<string, LiveUpstream>()

  constructor(pool: EndpointPool) {
    this.#pool = pool
  }

  /** The running upstream of this identity, or a new one without endpoints. Matched by one `release`. */
  acquire(identity: UpstreamIdentity): LiveUpstream {
    let upstream = this.#byKey.get(identity.key)
    if (upstream === undefined || upstream.name !== identity.name || upstream.handler !== identity.handler || upstream.hostMode !== identity.hostMode) {
      upstream = new LiveUpstream(identity.name, this.#pool, identity)
      this.#byKey.set(identity.key, upstream)
    }
    this.#held.set(upstream, (this.#held.get(upstream) ?? 0) + 1)
    return upstream
  }

  release(upstreams: Iterable<LiveUpstream>): void {
    for (const upstream of upstreams) {
      const users = (this.#held.get(upstream) ?? 0) - 1
      if (users > 0) {
        this.#held.set(upstream, users)
        continue
      }
      this.#held.delete(upstream)
      for (const [key, value] of this.#byKey) if (value === upstream) this.#byKey.delete(key)
      upstream.dispose()
    }
  }
}
