import { cut, writeHead } from './deliver.ts'
import type { Exchange } from './connection.ts'
import type { HeaderList } from '@octopus-gateway/core'
import type { ServerResponse } from 'node:http'

/** Pieces that are taken as far as they are there already, so that a small answer leaves in one write. */
const AT_ONCE = 2

/** Writes a `Response` with the fields given. The request is finished by the response's own body, which counts its bytes. */
export function writeResponse(exchange: Exchange, headers: HeaderList, response: Response): void {
  const { res } = exchange
  if (res.destroyed) {
    void response.body?.cancel().catch(() => {
      // The client has gone, and so has the upstream's side.
    })
    return
  }
  writeHead(res, response.status, headers.flat)
  if (response.body === null) res.end()
  else void copy(exchange, response.body.getReader())
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
    for (let taken = 0; ; taken++) {
      const reading = reader.read()
      // A stream's head must not wait for its first byte.
      const { done, value } = taken < AT_ONCE && !res.headersSent ? await atOnce(res, reading) : await reading
      if (done) break
      if (!res.write(value)) {
        ctx.stalled()
        await drained(res)
      }
      if (res.destroyed) return
    }
    res.end()
  } catch {
    // The reason was told to the request's context by the stream itself.
    cut(exchange)
  }
}

async function atOnce<T>(res: ServerResponse, reading: Promise<T>): Promise<T> {
  const timer = setImmediate(() => {
    if (!res.headersSent && !res.destroyed) res.flushHeaders()
  })
  try {
    return await reading
  } finally {
    clearImmediate(timer)
  }
}

function drained(res: ServerResponse): Promise<void> {
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
