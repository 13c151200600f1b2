import { bodyLength } from './body.ts'
import { CODINGS } from './compress.ts'
import { Connection } from './connection.ts'
import { deliver } from './deliver.ts'
import { deliverCoded } from './coded.ts'
import { EventStreams } from './event-streams.ts'
import { GatewayError, HeaderList, toGatewayError } from '@octopus-gateway/core'
import { local } from '@octopus-gateway/core/lane'
import { MessageExchange } from './message-exchange.ts'
import { redirectReply } from './tls/redirect.ts'
import { lingerAtEnd } from './linger.ts'
import { Tunnels } from './upgrade/tunnels.ts'
import { WebLane } from './web-lane.ts'
import type { Answer, Context, LaneHost } from '@octopus-gateway/core/lane'
import type { Exchange } from './exchange.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Flow } from './flow.ts'
import type { Patience } from './serve-options.ts'
import type { ProbeReply, Probes } from './probes.ts'
import type { Wires } from './wires.ts'
import type { RedirectTarget } from './tls/redirect.ts'

/** What a listener is told. */
export interface ListenerOptions {
  readonly patience: Patience
  readonly probes: Probes | null
}

/** Takes requests through the lane of their route, whatever version of HTTP they came by. */
export class Listener {
  /** While closing, every answer ends its connection. */
  isClosing = false
  /** Set where nothing is served in the clear. */
  redirect: RedirectTarget | null = null
  readonly lanes: LaneHost
  /** Answered before anything else looks at a request; `null` for none. */
  readonly probes: Probes | null
  readonly #wire: Wires
  readonly #web: WebLane
  readonly #events = new EventStreams()
  readonly #tunnels: Tunnels
  readonly #patience: Patience

  constructor(lanes: LaneHost, wire: Wires, options: ListenerOptions) {
    this.lanes = lanes
    this.#wire = wire
    this.#web = new WebLane(lanes, wire, this.#events)
    this.#tunnels = new Tunnels(lanes, wire.upgrades)
    this.probes = options.probes
    this.#patience = options.patience
  }

  /** The server closes: what would go on for ever is told to go, everything else ends with its answer. */
  retire(): void {
    this.isClosing = true
    this.#events.goodbye()
    this.#tunnels.goodbye()
  }

  readonly handle = (req: IncomingMessage, res: ServerResponse): void => this.#handle(req, res, false)

  /** `Expect: 100-continue`: the client is asked for its body once the request is known to go on. */
  readonly handleExpecting = (req: IncomingMessage, res: ServerResponse): void => this.#handle(req, res, true)

  #handle(req: IncomingMessage, res: ServerResponse, isExpecting: boolean): void {
    const connection = Connection.of(req.socket)
    // Behind a message whose end is in doubt nothing is a request.
    if (connection.isLast) return
    const probe = this.probes?.answer(req.method!, req.url!)
    if (probe) {
      this.#probed(req, res, probe)
      return
    }
    const request = { method: req.method!, target: req.url!, headers: new HeaderList(req.rawHeaders) }
    const { ctx, refusal } = this.lanes.open({ request, peer: connection.peer(this.lanes) })
    const exchange = new MessageExchange(req, res, ctx)
    res.on('close', () => connection.end(exchange))
    const framing = framingProblem(req, ctx)
    if (framing !== null || refusal?.code === 'BAD_HOST') connection.isLast = true
    this.take(connection, exchange, { problem: framing ?? refusal, isExpecting })
  }

  #probed(req: IncomingMessage, res: ServerResponse, { status, fields, body }: ProbeReply): void {
    const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined
    const connection = Connection.of(req.socket)
    // A body that nobody reads must not be taken for the next request.
    if (hasBody) lingerAtEnd(req, req.socket)
    connection.isLast ||= this.isClosing || hasBody
    res.writeHead(status, connection.isLast ? [...fields, 'connection', 'close'] : fields)
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  /** Sends a request on its way; `problem` is why it goes no further. */
  take(connection: Connection, exchange: Exchange, how: { readonly problem: GatewayError | null; readonly isExpecting: boolean }): void {
    const { ctx } = exchange
    connection.begin(exchange)
    if (ctx.protocol === 'http') ctx.codings = CODINGS
    ctx.clientIdle = this.#patience.idle
    ctx.downstream = exchange
    ctx.informed = exchange
    const problem = how.problem ?? connection.misdirected(ctx) ?? lengthProblem(ctx, this.lanes.opener.limits.body)
    if (this.redirect !== null && !ctx.peer.secure && !isMalformed(problem)) {
      this.#redirected(exchange, this.redirect).catch((thrown: unknown) => this.#failed(exchange, thrown))
      return
    }
    this.#run(exchange, problem, how.isExpecting).catch((thrown: unknown) => this.#failed(exchange, thrown))
  }

  async #run(exchange: Exchange, problem: GatewayError | null, isExpecting: boolean): Promise<void> {
    const { ctx } = exchange
    if (problem !== null) {
      this.#deliver(exchange, await this.lanes.refuse(ctx, problem))
      return
    }
    if (ctx.protocol === 'websocket') {
      ctx.start()
      const answer = await this.#tunnels.exchange(exchange)
      if (answer !== null) this.#deliver(exchange, answer)
      return
    }
    if (isExpecting) exchange.invite()
    // A plugin whose middleware may be passed by for gRPC does its work in phases; Web responses have no trailers.
    if (ctx.route.lane === 'web' && ctx.protocol === 'http') {
      await this.#web.run(exchange, () => exchange.mustEnd(this.isClosing))
      return
    }
    // The head lane: heads as flat lists, bodies from stream to stream, no Web objects.
    const body = exchange.upload(this.lanes.opener.limits.body)
    ctx.start()
    this.#deliver(exchange, await this.lanes.exchange(ctx, this.#wire, body))
  }

  async #redirected(exchange: Exchange, target: RedirectTarget): Promise<void> {
    const { ctx } = exchange
    const reply = redirectReply(ctx, target)
    this.#deliver(exchange, GatewayError.is(reply) ? await this.lanes.refuse(ctx, reply) : local(ctx, reply))
  }

  #deliver(exchange: Exchange, answer: Answer<Flow>): void {
    const { ctx } = exchange
    const { headers } = answer.head
    if (exchange.mustEnd(this.isClosing)) headers.set('connection', headers.has('upgrade') ? 'Upgrade, close' : 'close')
    const isEvents = answer.flow !== null && ctx.isStream && ctx.protocol === 'http'
    try {
      const delivered = isEvents ? { ...answer, flow: this.#events.watch(answer.flow) } : answer
      if (answer.coding === null) deliver(exchange, delivered)
      else deliverCoded(exchange, delivered, answer.coding)
    } catch (thrown) {
      const error = toGatewayError(thrown)
      answer.flow?.abort(error)
      throw error
    }
  }

  /** What no phase and no lane caught, such as a field that a plugin set to something that is not one. */
  #failed(exchange: Exchange, thrown: unknown): void {
    const { res, ctx } = exchange
    const error = toGatewayError(thrown)
    ctx.log.error('answer could not be written', { reason: error.message, request_id: ctx.id })
    if (ctx.isFinished || res.headersSent || res.destroyed) {
      ctx.finish({ status: res.statusCode, bytesOut: 0, error })
      exchange.cut()
      return
    }
    ctx.failure = new GatewayError('INTERNAL', error.message, error)
    const reply = ctx.failure.toReply(ctx.id)
    if (exchange.mustEnd(this.isClosing)) reply.headers.set('connection', 'close')
    deliver(exchange, local(ctx, reply))
  }
}

/** Whether a request is refused whatever its route: there is no target or no host to send it on to. */
function isMalformed(problem: GatewayError | null): boolean {
  return problem !== null && problem.spec.source === 'client' && ![404, 405, 413].includes(problem.spec.status)
}

/** More digits than a number holds exactly: what is counted would not be what was said. */
const LENGTH_DIGITS = 15

/** What Node's parser lets through and a gateway must not: messages that two servers may read in two ways. */
function framingProblem(req: IncomingMessage, ctx: Context): GatewayError | null {
  const { headers } = ctx.request
  // Node takes HTTP/0.9, whose heads have no fields, and HTTP/2.0, which is never spoken like this.
  if (req.httpVersionMajor !== 1) return new GatewayError('BAD_REQUEST', 'A version other than HTTP/1.')
  const length = headers.get('content-length')
  if (length !== undefined && length.length > LENGTH_DIGITS) return new GatewayError('BAD_REQUEST', 'The length cannot be counted.')
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
