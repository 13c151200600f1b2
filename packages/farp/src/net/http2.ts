import { connect, constants } from 'node:http2'
import { FetchError, toFetchError } from './fetcher.ts'
import { pinned } from './pinned.ts'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { FetchRequest, FetchResponse } from './fetcher.ts'

/** One request over HTTP/2, on a connection of its own: in the clear by prior knowledge, over TLS by ALPN. Rejects with a `FetchError`. */
export async function sendHttp2(request: FetchRequest): Promise<FetchResponse> {
  const session = connect(request.url.origin, {
    lookup: pinned(request.addresses),
    minVersion: 'TLSv1.2',
    settings: { enablePush: false },
    maxHeaderListPairs: 128,
  })
  const timers: NodeJS.Timeout[] = []
  const limit = (ms: number, what: string, stop: (error: FetchError) => void): (() => void) => {
    const timer = setTimeout(() => stop(new FetchError('timeout', `${what} within ${ms} ms`)), ms)
    timers.push(timer)
    return () => clearTimeout(timer)
  }
  let abort = (): void => {}
  try {
    return await new Promise<FetchResponse>((resolve, reject) => {
      abort = () => reject(request.signal.reason as Error)
      if (request.signal.aborted) return abort()
      request.signal.addEventListener('abort', abort, { once: true })
      session.on('error', reject)
      session.on('close', () => reject(new FetchError('network', 'the connection was closed')))
      const connected = limit(request.connectMs, 'no connection was made', reject)
      session.once('connect', () => {
        connected()
        const answered = limit(request.headersMs, 'it did not answer', reject)
        exchange(session, request, { answered, resolve, reject })
      })
    })
  } catch (thrown) {
    throw toFetchError(thrown)
  } finally {
    for (const timer of timers) clearTimeout(timer)
    request.signal.removeEventListener('abort', abort)
    session.destroy()
  }
}

interface Ends {
  readonly answered: () => void
  readonly resolve: (response: FetchResponse) => void
  readonly reject: (reason: Error) => void
}

function exchange(session: ClientHttp2Session, request: FetchRequest, { answered, resolve, reject }: Ends): void {
  const { url, headers, body, maxBytes } = request
  const stream: ClientHttp2Stream = session.request(
    { ...headers, ':method': body === undefined ? 'GET' : 'POST', ':path': url.pathname + url.search },
    { endStream: body === undefined },
  )
  const chunks: Buffer[] = []
  let received = 0
  let head: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  let status = 0
  stream.on('error', reject)
  stream.once('response', (fields, flags) => {
    answered()
    head = fields
    status = Number(fields[':status'])
    // An answer of trailers only has them in its one head.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) trailers = fields
  })
  stream.once('trailers', (fields) => void (trailers = fields))
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > maxBytes) reject(new FetchError('content', `the answer is larger than ${maxBytes} bytes`))
    else chunks.push(chunk)
  })
  stream.once('close', () => {
    if (status === 0 || stream.rstCode !== constants.NGHTTP2_NO_ERROR) reject(new FetchError('network', 'the answer broke off'))
    else resolve({ status, header: reader(head), trailer: reader(trailers), body: Buffer.concat(chunks) })
  })
  if (body !== undefined) stream.end(body)
}

function reader(fields: IncomingHttpHeaders): (name: string) => string | undefined {
  return (name) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    return Array.isArray(value) ? value[0] : value
  }
}
