import { getRequestListener } from '@hono/node-server'
import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { drainBody, isEventStream } from '@octopus-gateway/core/lane'
import { MessageExchange } from './message-exchange.ts'
import { Readable } from 'node:stream'
import { RecordedUpload } from './http2-server/recorded-upload.ts'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { failBody, Recording, uploadOf } from './body.ts'
import { endToEndTrailers, takesTrailers } from './trailers.ts'
import { webRequest } from './http2-server/web-request.ts'
import { writeResponse } from './write-response.ts'
import type { Call, LaneHost, Sending, WebBody, Wire } from '@octopus-gateway/core/lane'
import type { EventStreams } from './event-streams.ts'
import type { Exchange } from './exchange.ts'
import type { FlowSink, Flow } from './flow.ts'
import type { NodeUpload, NodeWire } from './flow.ts'

/** The web lane on Node: Hono's adapter makes the `Request`; the bytes upstream still go through undici. */
export class WebLane {
  readonly #lanes: LaneHost
  readonly #wire: NodeWire
  readonly #events: EventStreams
  readonly #webWire: Wire<NodeUpload, WebBody>

  constructor(lanes: LaneHost, wire: NodeWire, events: EventStreams) {
    this.#lanes = lanes
    this.#wire = wire
    this.#events = events
    this.#webWire = asWebWire(wire, events)
  }

  #wireFor(exchange: Exchange): Wire<NodeUpload, WebBody> {
    if (!takesTrailers(exchange.ctx)) return this.#webWire
    return asWebWire(this.#wire, this.#events, (trailers) => exchange.trailers(endToEndTrailers(trailers)))
  }

  /** `mustEnd` is asked right before the head of the answer is written. */
  run(exchange: Exchange, mustEnd: () => boolean): Promise<void> {
    return exchange instanceof MessageExchange ? this.#runMessage(exchange, mustEnd) : this.#runStream(exchange)
  }

  async #runStream(exchange: Exchange): Promise<void> {
    const { ctx } = exchange
    const upload = exchange.upload(this.#lanes.opener.limits.body)
    const recorded = upload instanceof Readable ? new RecordedUpload(upload) : null
    const request = webRequest(ctx, recorded?.shown ?? null)
    // A middleware that waits for the rest of a body would wait for ever when the request has ended.
    if (upload instanceof Readable) ctx.signal.addEventListener('abort', () => upload.destroy(ctx.ended ?? undefined))
    const bodyOf = (raw: Request): NodeUpload => (raw === request ? (recorded?.upload ?? null) : replaced(raw, request))
    const response = await this.#lanes.respond(ctx, request, { wire: this.#wireFor(exchange), bodyOf })
    writeResponse(exchange, HeaderList.from(response.headers), response)
  }

  async #runMessage(exchange: MessageExchange, mustEnd: () => boolean): Promise<void> {
    const { req, res, ctx } = exchange
    // Middlewares see the path that is meant, as everybody else does; an absolute target keeps its authority.
    const authority = /^https?:\/\/[^/?#]+/i.exec(req.url ?? '')?.[0] ?? ''
    if (req.url !== authority + ctx.request.target) req.url = authority + ctx.request.target
    let failure: { readonly thrown: unknown } | null = null
    const listener = getRequestListener(
      async (request: Request) => {
        try {
          const response = await this.#respond(exchange, request)
          const headers = HeaderList.from(response.headers)
          if (mustEnd()) headers.set('connection', 'close')
          writeResponse(exchange, headers, response)
        } catch (thrown) {
          failure = { thrown }
        }
        // Hono's writer would add fields of its own to what the upstream said.
        return RESPONSE_ALREADY_SENT
      },
      {
        overrideGlobalObjects: false,
        autoCleanupIncoming: false,
        hostname: ctx.request.headers.get('host') ?? 'gateway.invalid',
        errorHandler: (thrown) => {
          failure = { thrown }
          return RESPONSE_ALREADY_SENT
        },
      },
    )
    await listener(req, res)
    if (failure !== null) throw (failure as { readonly thrown: unknown }).thrown
  }

  #respond(exchange: MessageExchange, request: Request): Promise<Response> {
    const { req, ctx } = exchange
    const wire = this.#wireFor(exchange)
    for (const name of ctx.taken ?? []) request.headers.delete(name)
    const upload = uploadOf(req, ctx, this.#lanes.opener.limits.body)
    if (upload === null) return this.#lanes.respond(ctx, request, { wire, bodyOf: (raw) => replaced(raw, request) })
    // A middleware that waits for the rest of a body would wait for ever when the request has ended.
    ctx.signal.addEventListener('abort', () => {
      if (ctx.ended !== null && !req.complete) failBody(req, ctx.ended)
    })
    const recording = ctx.route.middleware === null ? null : new Recording(req)
    return this.#lanes.respond(ctx, request, {
      wire,
      // Untouched, the message itself goes on: reading `request.body` alone would halve the speed of a POST.
      bodyOf: (raw) => (raw === request ? (recording?.upload ?? upload) : replaced(raw, request)),
    })
  }
}

/** The body of a request that a middleware put in the place of the original. */
function replaced(raw: Request, original: Request): NodeUpload {
  return raw === original || raw.body === null ? null : Readable.fromWeb(raw.body as never)
}

/** `onTrailers` gets the fields behind a body; a `Response` has no place for them. */
function asWebWire(wire: NodeWire, events: EventStreams, onTrailers?: (trailers: HeaderList) => void): Wire<NodeUpload, WebBody> {
  return {
    send: (call: Call<NodeUpload>): Sending<WebBody> => {
      const sending = wire.send(call)
      return {
        answer: sending.answer.then(({ head, body }) => ({
          head,
          body: body.takeWhole() ?? toStream(isEventStream(head) ? events.watch(body) : body, onTrailers),
        })),
        abort: (error) => sending.abort(error),
      }
    },
    replayable: (body) => wire.replayable(body),
    isWhole: (body) => wire.isWhole(body),
    copyOf: (body, most) => wire.copyOf(body, most),
    drain: drainBody,
    settled: (body) => wire.settled(body),
  }
}

/** A flow as a Web stream: pulled piece by piece, paused when the reader is slow. */
function toStream(flow: Flow, onTrailers?: (trailers: HeaderList) => void): ReadableStream<Uint8Array> {
  let isOpen = true
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: FlowSink = {
          chunk(bytes) {
            if (isOpen) controller.enqueue(bytes)
            return (controller.desiredSize ?? 0) > 0
          },
          end(trailers) {
            if (trailers !== null) onTrailers?.(trailers)
            if (isOpen) controller.close()
            isOpen = false
          },
          fail(error) {
            if (isOpen) controller.error(error)
            isOpen = false
          },
        }
        flow.attach(sink)
      },
      pull() {
        flow.resume()
      },
      cancel() {
        isOpen = false
        flow.abort(new GatewayError('CLIENT_CLOSED'))
      },
    },
    { highWaterMark: 1 },
  )
}
