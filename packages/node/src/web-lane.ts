import { getRequestListener } from '@hono/node-server'
import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { Readable } from 'node:stream'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { failBody, Recording, uploadOf } from './body.ts'
import { writeResponse } from './write-response.ts'
import type { Call, LaneHost, Sending, WebBody, Wire } from '@octopus-gateway/core/lane'
import type { Exchange } from './connection.ts'
import type { FlowSink, Flow } from './flow.ts'
import type { NodeUpload, NodeWire } from './flow.ts'

/** The web lane on Node: Hono's adapter makes the `Request`; the bytes upstream still go through undici. */
export class WebLane {
  readonly #lanes: LaneHost
  readonly #wire: Wire<NodeUpload, WebBody>

  constructor(lanes: LaneHost, wire: NodeWire) {
    this.#lanes = lanes
    this.#wire = asWebWire(wire)
  }

  /** `mustEnd` is asked right before the head of the answer is written. */
  async run(exchange: Exchange, mustEnd: () => boolean): Promise<void> {
    const { req, res, ctx } = exchange
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

  #respond({ req, ctx }: Exchange, request: Request): Promise<Response> {
    for (const name of ctx.taken ?? []) request.headers.delete(name)
    const upload = uploadOf(req, ctx, this.#lanes.opener.limits.body)
    if (upload === null) return this.#lanes.respond(ctx, request, { wire: this.#wire, bodyOf: (raw) => replaced(raw, request) })
    // A middleware that waits for the rest of a body would wait for ever when the request has ended.
    ctx.signal.addEventListener('abort', () => {
      if (ctx.ended !== null && !req.complete) failBody(req, ctx.ended)
    })
    const recording = ctx.route.middleware === null ? null : new Recording(req)
    return this.#lanes.respond(ctx, request, {
      wire: this.#wire,
      // Untouched, the message itself goes on: reading `request.body` alone would halve the speed of a POST.
      bodyOf: (raw) => (raw === request ? (recording?.upload ?? upload) : replaced(raw, request)),
    })
  }
}

/** The body of a request that a middleware put in the place of the original. */
function replaced(raw: Request, original: Request): NodeUpload {
  return raw === original || raw.body === null ? null : Readable.fromWeb(raw.body as never)
}

function asWebWire(wire: NodeWire): Wire<NodeUpload, WebBody> {
  return {
    send: (call: Call<NodeUpload>): Sending<WebBody> => {
      const sending = wire.send(call)
      return {
        answer: sending.answer.then(({ head, body }) => ({ head, body: body.takeWhole() ?? toStream(body) })),
        abort: (error) => sending.abort(error),
      }
    },
    replayable: (body) => wire.replayable(body),
  }
}

/** A flow as a Web stream: pulled piece by piece, paused when the reader is slow. */
function toStream(flow: Flow): ReadableStream<Uint8Array> {
  let isOpen = true
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: FlowSink = {
          chunk(bytes) {
            if (isOpen) controller.enqueue(bytes)
            return (controller.desiredSize ?? 0) > 0
          },
          end() {
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
