import { bodyLength, uploadOf } from './body.ts'
import { CODINGS } from './compress.ts'
import { Connection, Exchange } from './connection.ts'
import { deliver } from './deliver.ts'
import { GatewayError, HeaderList, toGatewayError } from '@octopus-gateway/core'
import { lingerAtEnd } from './linger.ts'
import { local } from '@octopus-gateway/core/lane'
import { WebLane } from './web-lane.ts'
import type { Answer, Context, LaneHost } from '@octopus-gateway/core/lane'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Flow, NodeWire } from './flow.ts'

/** What a listener is told. */
export interface ListenerOptions {
  /** Longest silence of a client in the middle of a message, milliseconds. */
  readonly clientIdle: number
}

/** Takes requests from a `node:http` server through the lane of their route. */
export class Listener {
  /** While closing, every answer ends its connection. */
  isClosing = false
  readonly #lanes: LaneHost
  readonly #wire: NodeWire
  readonly #web: WebLane
  readonly #options: ListenerOptions

  constructor(lanes: LaneHost, wire: NodeWire, options: ListenerOptions) {
    this.#lanes = lanes
    this.#wire = wire
    this.#web = new WebLane(lanes, wire)
    this.#options = options
  }

  readonly handle = (req: IncomingMessage, res: ServerResponse): void => this.#handle(req, res, false)

  /** `Expect: 100-continue`: the client is asked for its body once the request is known to go on. */
  readonly handleExpecting = (req: IncomingMessage, res: ServerResponse): void => this.#handle(req, res, true)

  #handle(req: IncomingMessage, res: ServerResponse, isExpecting: boolean): void {
    const connection = Connection.of(req.socket)
    // Behind a message whose end is in doubt nothing is a request.
    if (connection.isLast) return
    const request = { method: req.method!, target: req.url!, headers: new HeaderList(req.rawHeaders) }
    const { ctx, refusal } = this.#lanes.open({ request, peer: connection.peer(this.#lanes) })
    const exchange = new Exchange(req, res, ctx)
    connection.begin(exchange)
    if (ctx.protocol === 'http') ctx.codings = CODINGS
    ctx.clientIdle = this.#options.clientIdle
    ctx.downstream = exchange
    res.on('close', () => {
      connection.end(exchange)
      // An answer that began before the closing did not tell its client.
      if (this.isClosing && connection.size === 0) req.socket?.destroySoon()
    })
    const framing = framingProblem(req, ctx)
    if (framing !== null || refusal?.code === 'BAD_HOST') connection.isLast = true
    const problem = framing ?? refusal ?? lengthProblem(ctx, this.#lanes.opener.limits.body)
    this.#run(exchange, problem, isExpecting).catch((thrown: unknown) => this.#failed(exchange, thrown))
  }

  async #run(exchange: Exchange, problem: GatewayError | null, isExpecting: boolean): Promise<void> {
    const { req, res, ctx } = exchange
    if (problem !== null) {
      this.#deliver(exchange, await this.#lanes.refuse(ctx, problem))
      return
    }
    if (isExpecting) res.writeContinue()
    if (ctx.route.lane === 'web') {
      await this.#web.run(exchange, () => this.#mustEnd(exchange))
      return
    }
    // The head lane: heads as flat lists, bodies from stream to stream, no Web objects.
    const body = uploadOf(req, ctx, this.#lanes.opener.limits.body)
    ctx.start()
    this.#deliver(exchange, await this.#lanes.exchange(ctx, this.#wire, body))
  }

  #deliver(exchange: Exchange, answer: Answer<Flow>): void {
    if (this.#mustEnd(exchange)) answer.head.headers.set('connection', 'close')
    try {
      deliver(exchange, answer)
    } catch (thrown) {
      const error = toGatewayError(thrown)
      answer.flow?.abort(error)
      throw error
    }
  }

  /** Whether this answer is the last on its connection. Called right before its head is written. */
  #mustEnd(exchange: Exchange): boolean {
    const { req, res } = exchange
    const { socket } = res
    if (socket === null) return this.isClosing
    const connection = Connection.of(socket)
    // The answer comes before the end of the request body: what is left of it must not be read as the next request.
    if (!req.complete) connection.isLast = true
    if (!connection.isLast || connection.newest !== exchange) return this.isClosing
    lingerAtEnd(req, socket)
    return true
  }

  /** What no phase and no lane caught, such as a field that a plugin set to something that is not one. */
  #failed(exchange: Exchange, thrown: unknown): void {
    const { res, ctx } = exchange
    const error = toGatewayError(thrown)
    ctx.log.error('answer could not be written', { reason: error.message, request_id: ctx.id })
    if (ctx.isFinished || res.headersSent || res.destroyed) {
      ctx.finish({ status: res.statusCode, bytesOut: 0, error })
      res.destroy()
      return
    }
    ctx.failure = new GatewayError('INTERNAL', error.message, error)
    const reply = ctx.failure.toReply(ctx.id)
    if (this.#mustEnd(exchange)) reply.headers.set('connection', 'close')
    deliver(exchange, local(ctx, reply))
  }
}

/** What Node's parser lets through and a gateway must not: messages that two servers may read in two ways. */
function framingProblem(req: IncomingMessage, ctx: Context): GatewayError | null {
  const { headers } = ctx.request
  const coding = headers.getAll('transfer-encoding')
  if (coding !== undefined) {
    // Chunked on HTTP/1.0 has no defined meaning (RFC 9112, section 6.1).
    if (req.httpVersionMinor === 0) return new GatewayError('BAD_REQUEST', 'Transfer-Encoding on HTTP/1.0.')
    // The parser takes off the last coding only; the upstream would get the others without their name.
    if (coding.toLowerCase() !== 'chunked') return new GatewayError('NOT_SUPPORTED', 'A transfer coding other than chunked.')
  }
  return req.httpVersionMinor !== 0 && !headers.has('host') ? new GatewayError('BAD_HOST') : null
}

function lengthProblem(ctx: Context, limit: number): GatewayError | null {
  if (limit === Infinity) return null
  const length = bodyLength(ctx.request.headers)
  return length !== Infinity && length > limit ? new GatewayError('BODY_TOO_LARGE') : null
}
