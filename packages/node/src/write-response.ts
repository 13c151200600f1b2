import { wholeBody } from '@octopus-gateway/core/lane'
import { endWith, writeHead } from './deliver.ts'
import { writeCoded } from './coded.ts'
import type { ClientResponse, Exchange } from './exchange.ts'
import type { HeaderList } from '@octopus-gateway/core'

/** Writes a `Response` with the fields given. The request is finished by the response's own body, which counts its bytes; here only what the client has not taken is seen to. */
export function writeResponse(exchange: Exchange, headers: HeaderList, response: Response): void {
  const { res } = exchange
  if (res.destroyed) {
    void response.body?.cancel().catch(() => {
      // The client has gone, and so has the upstream's side.
    })
    return
  }
  if (exchange.ctx.coding !== null) {
    writeCoded(exchange, headers, response)
    return
  }
  writeHead(res, response.status, headers.flat)
  const whole = wholeBody(response)
  if (whole !== undefined) endWith(res, headers, Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength))
  else if (response.body === null) res.end()
  else {
    void copy(exchange, response.body.getReader())
    return
  }
  exchange.sent(0)
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
    exchange.sent(0)
  } catch {
    // The reason was told to the request's context by the stream itself.
    exchange.cut()
  }
}

/** A stream's head must not wait for its first byte; a small answer that is here already leaves with its head in one write. */
async function first<T>(res: ClientResponse, reading: Promise<T>): Promise<T> {
  const timer = setImmediate(() => {
    if (!res.destroyed) res.flushHeaders()
  })
  const result = await reading
  clearImmediate(timer)
  return result
}

function drained(res: ClientResponse): Promise<void> {
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
