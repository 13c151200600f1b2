import { exchange, problemReply } from './exchange/engine.ts'
import { forward } from './exchange/attempts.ts'
import { local } from './exchange/answer.ts'
import { compressed, webCodings } from './web/compress.ts'
import { fetchWire, functionWire } from './web/fetch-wire.ts'
import { HeaderList } from './headers.ts'
import { meteredUpload, toResponse } from './web/bodies.ts'
import { RecordedBody } from './web/recorded-body.ts'
import { openRequest } from './exchange/open.ts'
import { WebApp } from './web/app.ts'
import { GatewayError, toGatewayError } from './errors.ts'
import { UNKNOWN_PEER } from './exchange/client.ts'
import type { Answer } from './exchange/answer.ts'
import type { Context } from './exchange/request-context.ts'
import type { Generation } from './snapshot/current.ts'
import type { Hooks } from './plugin/plugin.ts'
import type { Peer } from './exchange/client.ts'
import type { Metrics } from './metrics/gateway-metrics.ts'
import type { Arrived, Opened, Opener } from './exchange/open.ts'
import type { WebBody, WebUpload } from './web/bodies.ts'
import type { Wire } from './exchange/wire.ts'

/** Under this key a gateway offers its inside to the packages that serve it. */
export const LANES = Symbol.for('octopus.lanes')

/** How requests of the web lane leave. */
export interface WebWay<In> {
  readonly wire: Wire<In, WebBody>
  /**
   * The body for the wire, of the request as the last middleware left it. For the request that came in: all its bytes as they came, also when
   * a middleware has read them.
   */
  bodyOf(raw: Request): In
}

/** What a listener needs of a gateway: the same for every lane. */
export class LaneHost {
  readonly opener: Opener
  readonly metrics: Metrics
  readonly #acquire: () => Generation
  readonly #fetchWire: Wire<WebUpload, WebBody>
  readonly #apps = new WeakMap<readonly Hooks[], WebApp>()

  constructor(parts: { opener: Opener; metrics: Metrics; acquire: () => Generation; fetch: typeof globalThis.fetch }) {
    this.opener = parts.opener
    this.metrics = parts.metrics
    this.#acquire = parts.acquire
    this.#fetchWire = fetchWire(parts.fetch)
  }

  /** Takes a lease and makes a request's context. From here on the lane must see to `ctx.finish`. Never throws. */
  open(arrived: Arrived): Opened {
    return openRequest(this.opener, this.#acquire(), arrived)
  }

  /** The answer to a request that is refused before its phases; `onResponse` of its (built-in) route runs. */
  async refuse(ctx: Context, error: GatewayError): Promise<Answer<never>> {
    ctx.failure = error
    ctx.coding = null
    const reply = problemReply(ctx, error)
    const { onResponse } = ctx.route.phases
    try {
      if (onResponse !== null) for (const hook of onResponse) await hook(ctx, reply)
    } catch (thrown) {
      const failure = toGatewayError(thrown)
      ctx.log.error('plugin failed in onResponse', { reason: failure.message, request_id: ctx.id })
      return local(ctx, problemReply(ctx, failure))
    }
    return local(ctx, reply)
  }

  /** One request through heads only. */
  exchange<In, Out>(ctx: Context, wire: Wire<In, Out>, body: In): Promise<Answer<Out>> {
    return exchange(ctx, wire, body)
  }

  /** One request through Web objects: its route's middlewares and phases, then the lane's wire or the in-process function. */
  async respond<In>(ctx: Context, request: Request, way: WebWay<In>): Promise<Response> {
    const { handler } = ctx.upstream
    if (handler === null) return this.#respond(ctx, request, way)
    return this.#respondStandard(
      ctx,
      request,
      functionWire(async (inner) => handler(inner)),
    )
  }

  async #respond<In>(ctx: Context, request: Request, way: WebWay<In>): Promise<Response> {
    ctx.start()
    const { route } = ctx
    if (route.middleware === null) {
      const answer = await exchange(ctx, way.wire, way.bodyOf(request))
      ctx.coding = answer.coding
      return toResponse(ctx, answer)
    }
    let app = this.#apps.get(route.hooks)
    if (app === undefined) this.#apps.set(route.hooks, (app = new WebApp(route.hooks)))
    return app.respond(request, ctx, async (c) => {
      ctx.isBodyReplaced = c.req.raw !== request
      return forward(ctx, way.wire, way.bodyOf(c.req.raw))
    })
  }

  #respondStandard(ctx: Context, request: Request, wire: Wire<WebUpload, WebBody>): Promise<Response> {
    if (request.body === null) return this.#respond(ctx, request, { wire, bodyOf: (raw) => raw.body })
    const body = meteredUpload(ctx, request.body, this.opener.limits.body)
    if (ctx.route.middleware === null) return this.#respond(ctx, request, { wire, bodyOf: () => body })
    const recorded = new RecordedBody(body)
    const { url, method, headers, signal } = request
    const init: RequestInit & { duplex: 'half' } = { method, headers, signal, body: recorded.shown, duplex: 'half' }
    const seen = new Request(url, init)
    const bodyOf = (raw: Request): WebUpload => (raw === seen ? recorded.send() : raw.body)
    return this.#respond(ctx, seen, { wire, bodyOf })
  }

  /** The Web-standard entry. Never rejects. */
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const headers = HeaderList.from(request.headers)
    // A Request has its authority in the URL; a Host field of its own, where a runtime lets one through, is the caller's mistake.
    headers.set('host', url.host)
    const peer: Peer = url.protocol === 'https:' ? { ...UNKNOWN_PEER, secure: true } : UNKNOWN_PEER
    const { ctx, refusal } = this.open({ request: { method: request.method, target: url.pathname + url.search, headers }, peer })
    if (refusal !== null) return toResponse(ctx, await this.refuse(ctx, refusal))
    const onAbort = (): void => ctx.end(new GatewayError('CLIENT_CLOSED'))
    request.signal.addEventListener('abort', onAbort)
    if (request.signal.aborted) onAbort()
    ctx.onFinish = () => request.signal.removeEventListener('abort', onAbort)
    ctx.codings = webCodings()
    ctx.codesStreams = false
    try {
      const { handler } = ctx.upstream
      const isMoved = ctx.request.target !== url.pathname + url.search
      const shown = ctx.taken === null && !isMoved ? request : without(request, ctx.taken ?? [], isMoved ? ctx.request.target : null)
      const response = await this.#respondStandard(
        ctx,
        shown,
        handler === null ? this.#fetchWire : functionWire(async (inner) => handler(inner)),
      )
      return ctx.coding === null ? response : compressed(ctx, response, ctx.coding)
    } catch (thrown) {
      const error = toGatewayError(thrown)
      ctx.log.error('request failed outside its phases', { reason: error.message, request_id: ctx.id })
      return toResponse(ctx, await this.refuse(ctx, error))
    }
  }
}

/** The request as middlewares may see it: without fields that only the gateway may set, and for the path that it means. */
function without(request: Request, names: readonly string[], target: string | null): Request {
  const headers = new Headers(request.headers)
  for (const name of names) headers.delete(name)
  // Made of its parts: what a server hands over may look like a Request and be none that another can be made of.
  const { method, signal, body } = request
  const url = target === null ? request.url : new URL(target, request.url)
  return new Request(url, { method, headers, signal, ...(body === null ? {} : { body, duplex: 'half' }) })
}
