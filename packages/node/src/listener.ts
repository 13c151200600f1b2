import { bodyLength, uploadOf } from './body.ts'
import { deliver } from './deliver.ts'
import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { WebLane } from './web-lane.ts'
import type { Answer, Context, LaneHost, Peer } from '@octopus-gateway/core/lane'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { UndiciFlow } from './flow.ts'
import type { UndiciWire } from './undici-wire.ts'

/** What a listener is told. */
export interface ListenerOptions {
  /** Longest silence of a client in the middle of a message, milliseconds. */
  readonly clientIdle: number
}

const PEER = Symbol('octopus.peer')

/** A socket with what was learnt about its other end. */
type KnownSocket = Socket & { [PEER]?: { readonly peer: Peer; readonly by: unknown }; readonly encrypted?: boolean }

/** Takes requests from a `node:http` server through the lane of their route. */
export class Listener {
  /** While closing, every answer ends its connection. */
  isClosing = false
  readonly #lanes: LaneHost
  readonly #wire: UndiciWire
  readonly #web: WebLane
  readonly #options: ListenerOptions

  constructor(lanes: LaneHost, wire: UndiciWire, options: ListenerOptions) {
    this.#lanes = lanes
    this.#wire = wire
    this.#web = new WebLane(lanes, wire)
    this.#options = options
  }

  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const request = { method: req.method!, target: req.url!, headers: new HeaderList(req.rawHeaders) }
    const { ctx, refusal } = this.#lanes.open({ request, peer: this.#peerOf(req.socket) })
    ctx.clientIdle = this.#options.clientIdle
    ctx.cut = () => res.destroy()
    res.on('close', () => {
      if (ctx.isFinished) return
      ctx.end(new GatewayError('CLIENT_CLOSED'))
      ctx.finish({ status: res.headersSent ? res.statusCode : 499, bytesOut: 0 })
    })
    const problem = refusal ?? framingProblem(req, ctx, this.#lanes.opener.limits.body)
    if (problem !== null) void this.#refuse(req, res, { ctx, problem })
    else if (ctx.route.lane === 'web') void this.#web.run(req, res, ctx)
    else void this.#head(req, res, ctx)
  }

  /** The head lane: heads as flat lists, bodies from stream to stream, no Web objects. */
  async #head(req: IncomingMessage, res: ServerResponse, ctx: Context): Promise<void> {
    const body = uploadOf(req, ctx, this.#lanes.opener.limits.body)
    ctx.start()
    this.#deliver(req, res, { ctx, answer: await this.#lanes.exchange(ctx, this.#wire, body) })
  }

  async #refuse(req: IncomingMessage, res: ServerResponse, refused: { ctx: Context; problem: GatewayError }): Promise<void> {
    this.#deliver(req, res, { ctx: refused.ctx, answer: await this.#lanes.refuse(refused.ctx, refused.problem) })
  }

  #deliver(req: IncomingMessage, res: ServerResponse, done: { ctx: Context; answer: Answer<UndiciFlow> }): void {
    // An answer that comes before the end of the request body: what is left of the body must not be read as the next request.
    if (this.isClosing || !req.complete) done.answer.head.headers.set('connection', 'close')
    deliver(res, done.ctx, done.answer)
  }

  #peerOf(socket: KnownSocket): Peer {
    const { trusted } = this.#lanes.opener.shared
    const known = socket[PEER]
    if (known !== undefined && known.by === trusted) return known.peer
    const peer = trusted.peer(socket.remoteAddress ?? '', socket.encrypted === true)
    socket[PEER] = { peer, by: trusted }
    return peer
  }
}

/** What Node's parser lets through and a gateway must not: chunked on HTTP/1.0 has no defined meaning (RFC 9112, section 6.1). */
function framingProblem(req: IncomingMessage, ctx: Context, limit: number): GatewayError | null {
  if (req.httpVersionMinor === 0 && ctx.request.headers.has('transfer-encoding')) return new GatewayError('BAD_REQUEST', 'Transfer-Encoding on HTTP/1.0.')
  const length = limit === Infinity ? 0 : bodyLength(ctx.request.headers)
  return length !== Infinity && length > limit ? new GatewayError('BODY_TOO_LARGE') : null
}
