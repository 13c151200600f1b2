import { ClientSink, endWith, writeHead } from './deliver.ts'
import { codeWhole, CodingSink, ONE_GO_BYTES } from './compress.ts'
import { GatewayError, toGatewayError } from '@octopus-gateway/core'
import { wholeBody } from '@octopus-gateway/core/lane'
import type { Answer } from '@octopus-gateway/core/lane'
import type { Coding, HeaderList, ResponseHead } from '@octopus-gateway/core'
import type { Exchange } from './exchange.ts'
import type { Flow } from './flow.ts'

// Bodies that are coded on their way to the client; their heads say so already.

/** Writes an answer of the head lane. */
export function deliverCoded(exchange: Exchange, { head, flow, local }: Answer<Flow>, coding: Coding): void {
  const { res, ctx } = exchange
  if (res.destroyed || ctx.isFinished) {
    flow?.abort(ctx.ended ?? new GatewayError('CLIENT_CLOSED'))
    return
  }
  const whole = flow === null ? Buffer.from(local ?? '') : flow.takeWhole()
  if (whole !== null) {
    writeWhole(exchange, head, { whole, coding })
    return
  }
  writeHead(res, head.status, head.headers.flat)
  const coder = coderTo(exchange, coding)
  coder.flow = flow
  flow!.attach(coder)
  // A stream's head must not wait for its first byte.
  if (!ctx.isFinished && coder.bytes === 0) res.flushHeaders()
}

/** Writes a response of the web lane. */
export function writeCoded(exchange: Exchange, headers: HeaderList, response: Response): void {
  const { res, ctx } = exchange
  const coding = ctx.coding!
  const { status } = response
  const whole = wholeBody(response)
  if (whole !== undefined) {
    writeWhole(exchange, { status, headers }, { whole: Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength), coding })
    return
  }
  writeHead(res, status, headers.flat)
  ctx.flowing()
  void feed(exchange, coderTo(exchange, coding), response.body!.getReader())
}

function writeWhole(exchange: Exchange, head: ResponseHead, { whole, coding }: { readonly whole: Buffer; readonly coding: Coding }): void {
  const { res, ctx } = exchange
  if (whole.length > ONE_GO_BYTES) {
    writeHead(res, head.status, head.headers.flat)
    ctx.flowing()
    const coder = coderTo(exchange, coding)
    coder.chunk(whole)
    coder.end(null)
    return
  }
  const coded = codeWhole(coding, whole)
  head.headers.set('content-length', String(coded.length))
  writeHead(res, head.status, head.headers.flat)
  endWith(res, head.headers, coded)
  exchange.sent(coded.length)
}

/** The way of a body to the client, through a coder that is let go of with the answer. */
function coderTo(exchange: Exchange, coding: Coding): CodingSink {
  const sink = new ClientSink(exchange)
  const coder = new CodingSink(coding, sink)
  sink.flow = coder
  exchange.res.once('close', () => coder.close())
  return coder
}

async function feed({ res }: Exchange, coder: CodingSink, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let hasRoom = (): void => {}
  coder.flow = { resume: () => hasRoom() }
  res.once('close', () => {
    hasRoom()
    void reader.cancel().catch(() => {
      // Broken on both sides.
    })
  })
  // A stream's head must not wait for its first byte.
  const flushing = setImmediate(() => {
    if (!res.destroyed) res.flushHeaders()
  })
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (res.destroyed) return
      const { value } = next
      if (!coder.chunk(Buffer.from(value.buffer, value.byteOffset, value.byteLength)))
        await new Promise<void>((resolve) => (hasRoom = resolve))
    }
    coder.end(null)
  } catch (thrown) {
    coder.fail(toGatewayError(thrown))
  } finally {
    clearImmediate(flushing)
  }
}
