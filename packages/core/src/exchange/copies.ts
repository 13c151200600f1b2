import { authorityOf } from './authority.ts'
import { Copy } from './copy.ts'
import { MIRRORED_FIELD } from './own-fields.ts'
import type { Deadlines } from './deadlines.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { Generation } from '../snapshot/current.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { Mirror } from '../routing/route.ts'
import type { MirrorOutcome } from './copy.ts'
import type { RequestContext } from './context.ts'
import type { RequestHead } from './head.ts'
import type { Wire } from './wire.ts'

/** Copies of a gateway that may be under way at a time: a mirror that hangs must not gather bodies and connections without end. */
const MOST_COPIES = 1_000

/** A request, as far as is to be known for a copy of it. */
export interface Copied extends RequestContext {
  readonly isFinished: boolean
  /** Another lease on the generation of this request, for what goes on without it. Only while the request is not finished. */
  hold(): Generation
}

/** The copies of requests that a gateway sends to mirrors. */
export class Copies {
  readonly #deadlines: Deadlines
  readonly #count: (upstream: string, outcome: MirrorOutcome) => void
  #underWay = 0

  constructor(deadlines: Deadlines, count: (upstream: string, outcome: MirrorOutcome) => void) {
    this.#deadlines = deadlines
    this.#count = count
  }

  /** The mirror that gets a copy of this request: a share of them does, and of plain HTTP only. */
  chosen({ route: { mirror }, protocol }: RequestContext): Mirror | null {
    return mirror !== null && protocol === 'http' && Math.random() * 100 < mirror.percent ? mirror : null
  }

  /**
   * Sends a copy of a request as its last attempt left it, when its body is whole and short enough. Never throws: what becomes of a copy is
   * counted, and nothing else.
   */
  send<In, Out>(ctx: Copied, mirror: Mirror, what: { readonly wire: Wire<In, Out>; readonly head: RequestHead; readonly body: In }): void {
    const outcome = this.#send(ctx, mirror, what)
    if (outcome !== null) this.#count(mirror.upstream.name, outcome)
  }

  /** Why there is no copy; `null` when one is under way. */
  #send<In, Out>(
    ctx: Copied,
    mirror: Mirror,
    { wire, head, body }: { readonly wire: Wire<In, Out>; readonly head: RequestHead; readonly body: In },
  ): MirrorOutcome | null {
    // What its routes hold may be let go already.
    if (ctx.isFinished) return 'skipped_gone'
    if (this.#underWay >= MOST_COPIES) return 'skipped_busy'
    const copy = wire.copyOf(body, mirror.maxBody)
    if (copy === undefined) return 'skipped_body'
    const upstream = mirror.upstream as LiveUpstream
    const endpoint = upstream.pickForCopy(ctx)
    if (endpoint === undefined) return 'no_endpoint'
    const sending = wire.send({
      endpoint,
      transport: upstream.transport,
      protocol: 'http',
      head: copiedHead(ctx, mirror, { head, upstream, endpoint }),
      body: copy,
      keep: 0,
      isIdempotent: false,
      isCopied: false,
      connectTimeout: mirror.connectTimeout,
      informed: null,
    })
    this.#underWay += 1
    const underWay = new Copy<In, Out>({ upstream, endpoint, lease: ctx.hold() }, sending, {
      timeout: mirror.timeout,
      ended: (ended, how) => {
        this.#underWay -= 1
        this.#deadlines.unwatch(ended)
        this.#count(upstream.name, how)
      },
    })
    this.#deadlines.watch(underWay)
    void underWay.drain(wire)
    return null
  }
}

/** What the upstream of the request got, the host by the mirror's rule, and marked: a service may want to do nothing for good. */
function copiedHead(
  { request }: RequestContext,
  mirror: Mirror,
  { head, upstream, endpoint }: { readonly head: RequestHead; readonly upstream: LiveUpstream; readonly endpoint: Endpoint },
): RequestHead {
  const headers = head.headers.clone()
  const own = authorityOf(endpoint.origin)
  headers.set('host', upstream.hostMode === 'upstream' ? own : (request.headers.get('host') ?? own))
  headers.set(MIRRORED_FIELD, '1')
  for (const name in mirror.headers) headers.set(name, mirror.headers[name]!)
  return { method: head.method, target: head.target, headers }
}
