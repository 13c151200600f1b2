import { wholeBody } from '@octopus-gateway/core/lane'
import { codeWhole, ONE_GO_BYTES } from './compress.ts'
import { codingTo, endWith, finishSent, writeHead } from './deliver.ts'
import { toGatewayError } from '@octopus-gateway/core'
import type { CodingSink } from './compress.ts'
import type { Exchange } from './connection.ts'
import type { HeaderList } from '@octopus-gateway/core'
import type { ServerResponse } from 'node:http'

/** Writes a `Response` with the fields given. The request is finished by the response's own body, which counts its bytes. */
export function writeResponse(exchange: Exchange, headers: HeaderList, response: Response): void {
  const { res } = exchange
  if (res.destroyed) {
    void response.body?.cancel().catch(() => {
      // The client has gone, and so has the upstream's side.
    })
    return
  }
  const whole = wholeBody(response)
  if (exchange.ctx.coding !== null) {
    writeCoded(exchange, headers, response)
    return
  }
  writeHead(res, response.status, headers.flat)
  if (whole !== undefined) endWith(res, headers, Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength))
  else if (response.body === null) res.end()
  else void copy(exchange, response.body.getReader())
}

/** The same for a body that is coded on its way; the head says so already. */
function writeCoded(exchange: Exchange, headers: HeaderList, response: Response): void {
  const { res, ctx } = exchange
  const coding = ctx.coding!
  const whole = wholeBody(response)
  if (whole !== undefined && whole.length <= ONE_GO_BYTES) {
    const coded = codeWhole(coding, whole)
    headers.set('content-length', String(coded.length))
    writeHead(res, response.status, headers.flat)
    endWith(res, headers, coded)
    finishSent(exchange, coded.length)
    return
  }
  writeHead(res, response.status, headers.flat)
  const { coder } = codingTo(exchange, coding)
  ctx.flowing()
  if (whole !== undefined) {
    coder.chunk(Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength))
    coder.end(null)
  } else void feed(exchange, coder, response.body!.getReader())
}

async function feed(exchange: Exchange, coder: CodingSink, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const { res } = exchange
  let hasRoom = (): void => {}
  coder.flow = { resume: () => hasRoom() }
  res.once('close', () => {
    hasRoom()
    void reader.cancel().catch(() => {
      // Broken on both sides.
    })
  })
  try {
    for (let next = await first(res, reader.read()); !next.done; next = await reader.read()) {
      if (res.destroyed) return
      const { value } = next
      if (!coder.chunk(Buffer.from(value.buffer, value.byteOffset, value.byteLength)))
        await new Promise<void>((resolve) => (hasRoom = resolve))
    }
    coder.end(null)
  } catch (thrown) {
    coder.fail(toGatewayError(thrown))
  }
}

async function copy(exchange: Exchange, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const { res, ctx } = exchange
  const onClose = (): void => {
    if (res.writableFinished) return
    void reader.cancel().catch(() => {
      // Broken on both sides.
    })
  }
  res.on('close', onClose)
  try {
    let next = await first(res, reader.read())
    for (; !next.done; next = await reader.read()) {
      if (res.destroyed) return
      if (res.write(next.value)) continue
      ctx.stalled()
      await drained(res)
    }
    res.end()
  } catch {
    // The reason was told to the request's context by the stream itself.
    exchange.cut()
  }
}

/** A stream's head must not wait for its first byte; a small answer that is here already leaves with its head in one write. */
async function first<T>(res: ServerResponse, reading: Promise<T>): Promise<T> {
  const timer = setImmediate(() => {
    if (!res.destroyed) res.flushHeaders()
  })
  const result = await reading
  clearImmediate(timer)
  return result
}

function drained(res: ServerResponse): Promise<void> {
  if (res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}
