import { getRequestListener } from '@hono/node-server'
import { GatewayError } from '@octopus-gateway/core'
import { Readable } from 'node:stream'
import { uploadOf } from './body.ts'
import type { Call, Context, LaneHost, Sending, WebBody, Wire } from '@octopus-gateway/core/lane'
import type { FlowSink, UndiciFlow } from './flow.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NodeUpload, UndiciWire } from './undici-wire.ts'

/** The web lane on Node: Hono's adapter makes `Request` and writes `Response`; the bytes upstream still go through undici. */
export class WebLane {
  readonly #lanes: LaneHost
  readonly #wire: Wire<NodeUpload, WebBody>

  constructor(lanes: LaneHost, wire: UndiciWire) {
    this.#lanes = lanes
    this.#wire = asWebWire(wire)
  }

  async run(req: IncomingMessage, res: ServerResponse, ctx: Context): Promise<void> {
    const limit = this.#lanes.opener.limits.body
    const listener = getRequestListener(
      async (request: Request) => {
        const upload = uploadOf(req, ctx, limit)
        return this.#lanes.respond(ctx, request, {
          wire: this.#wire,
          // Untouched, the message itself goes on: reading `request.body` alone would halve the speed of a POST.
          bodyOf: (raw) => (raw === request && !req.readableDidRead ? upload : raw.body === null ? null : Readable.fromWeb(raw.body as never)),
          supply: (bytes) => bytes,
        })
      },
      { overrideGlobalObjects: false, hostname: ctx.request.headers.get('host') ?? 'gateway.invalid', errorHandler: (thrown) => this.#failed(ctx, thrown) },
    )
    await listener(req, res)
  }

  #failed(ctx: Context, thrown: unknown): Response {
    ctx.log.error('request failed on the web lane', { reason: String(thrown), request_id: ctx.id })
    const reply = new GatewayError('INTERNAL').toReply(ctx.id)
    ctx.finish({ status: reply.status, bytesOut: 0 })
    return new Response(reply.body as string, { status: reply.status, headers: [...reply.headers] })
  }
}

function asWebWire(wire: UndiciWire): Wire<NodeUpload, WebBody> {
  return {
    send: (call: Call<NodeUpload>): Sending<WebBody> => {
      const sending = wire.send(call)
      return { answer: sending.answer.then(({ head, body }) => ({ head, body: toStream(body) })), abort: (error) => sending.abort(error) }
    },
    replayable: (body) => wire.replayable(body),
  }
}

/** A flow as a Web stream: pulled piece by piece, paused when the reader is slow. */
function toStream(flow: UndiciFlow): ReadableStream<Uint8Array> {
  let isOpen = true
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: FlowSink = {
          chunk(bytes) {
            controller.enqueue(bytes)
            return (controller.desiredSize ?? 0) > 0
          },
          end() {
            isOpen = false
            controller.close()
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
