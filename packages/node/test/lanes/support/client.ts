import { Agent, request as httpRequest } from 'node:http'
import { connect, constants } from 'node:http2'
import { Readable } from 'node:stream'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type { IncomingMessage } from 'node:http'

/** A request as every lane can send it. */
export interface LaneRequest {
  readonly method?: string
  /** Path and query. Default `/`. */
  readonly path?: string
  readonly headers?: readonly (readonly [string, string])[]
  /** Bytes have a length; an iterable is sent in chunks. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** An answer whose body is still to come. */
export interface OpenAnswer {
  readonly status: number
  /** Names in lower case, in the order received. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: AsyncIterable<Uint8Array>
  /** Leaves, as a client that closes its connection. */
  abort(): void
}

/** A whole answer. */
export interface LaneAnswer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly text: string
  json<T = Record<string, unknown>>(): T
  header(name: string): string | undefined
  values(name: string): readonly string[]
}

/** Sends a request; resolves with the head. Rejects when none came. */
export type Open = (request: LaneRequest, signal?: AbortSignal) => Promise<OpenAnswer>

/** RFC 9110, section 8.6: a user agent says that there is no body where one would be expected. */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** A client over TCP: nothing decoded, nothing joined, nothing followed. */
export function httpClient(port: number): { open: Open; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const open: Open = (request, signal) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', path = '/', headers = [], body } = request
      const flat = headers.flat()
      if (!headers.some(([name]) => name.toLowerCase() === 'host')) flat.unshift('host', `127.0.0.1:${port}`)
      if (typeof body === 'string' || body instanceof Uint8Array) flat.push('content-length', String(Buffer.byteLength(body)))
      else if (body !== undefined) flat.push('transfer-encoding', 'chunked')
      else if (EXPECTS_BODY.has(method)) flat.push('content-length', '0')
      const outgoing = httpRequest({
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: flat as never,
        agent,
        ...(signal === undefined ? {} : { signal }),
      })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => resolve(openAnswer(response, () => outgoing.destroy())))
      if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) outgoing.end(body)
      else Readable.from(body).on('error', reject).pipe(outgoing)
    })
  return { open, close: () => agent.destroy() }
}

function openAnswer(response: IncomingMessage, abort: () => void): OpenAnswer {
  const headers: [string, string][] = []
  for (let i = 0; i < response.rawHeaders.length; i += 2) headers.push([response.rawHeaders[i]!.toLowerCase(), response.rawHeaders[i + 1]!])
  return { status: response.statusCode!, headers, body: response, abort }
}

/** A client of HTTP/2 over one connection, in the clear by prior knowledge. */
export function streamClient(port: number): { open: Open; close(): void } {
  let session: ClientHttp2Session | undefined
  const connected = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`http://127.0.0.1:${port}`)
      session.on('error', () => {})
    }
    return session
  }
  const open: Open = (request, signal) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', path = '/', headers = [], body } = request
      const fields: OutgoingHttpHeaders = { ':method': method, ':path': path, ':authority': `127.0.0.1:${port}` }
      for (const [given, value] of headers) {
        const name = given.toLowerCase() === 'host' ? ':authority' : given.toLowerCase()
        const before = fields[name]
        fields[name] = before === undefined || name.startsWith(':') ? value : [before, value].flat().map(String)
      }
      if (typeof body === 'string' || body instanceof Uint8Array) fields['content-length'] = String(Buffer.byteLength(body))
      const stream = connected().request(fields, { endStream: body === undefined })
      const leave = (): void => stream.close(constants.NGHTTP2_CANCEL)
      signal?.addEventListener('abort', leave)
      let isAnswered = false
      stream.on('error', reject)
      stream.on('close', () => {
        if (!isAnswered) reject(new Error(`The stream was closed without an answer (${stream.rstCode}).`))
      })
      stream.on('response', ((_fields: unknown, _flags: number, raw: readonly string[]) => {
        isAnswered = true
        resolve(streamAnswer(stream, raw, leave))
      }) as never)
      if (typeof body === 'string' || body instanceof Uint8Array) stream.end(body)
      else if (body !== undefined) Readable.from(body).on('error', reject).pipe(stream)
    })
  return { open, close: () => session?.destroy() }
}

function streamAnswer(stream: ClientHttp2Stream, raw: readonly string[], abort: () => void): OpenAnswer {
  const headers: [string, string][] = []
  let status = 0
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i] === ':status') status = Number(raw[i + 1])
    else headers.push([raw[i]!, raw[i + 1]!])
  }
  return { status, headers, body: unlessReset(stream), abort }
}

/** `node:http2` ends the body of a stream that was reset as if it were whole. */
async function* unlessReset(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array> {
  yield* stream as AsyncIterable<Uint8Array>
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve))
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) throw new Error(`The stream was reset with ${stream.rstCode}.`)
}

/** A client of a fetch handler in this process. */
export function fetchClient(fetch: (request: Request) => Promise<Response>): Open {
  return async ({ method = 'GET', path = '/', headers = [], body }, signal) => {
    const leave = new AbortController()
    signal?.addEventListener('abort', () => leave.abort())
    const init: RequestInit & { duplex?: 'half' } = { method, headers: headers.map(([name, value]) => [name, value]), signal: leave.signal }
    if (body !== undefined) {
      init.body = typeof body === 'string' || body instanceof Uint8Array ? (body as string) : streamOf(body)
      init.duplex = 'half'
    }
    const response = await fetch(new Request(new URL(path, 'http://gateway.test'), init))
    return {
      status: response.status,
      headers: [...response.headers],
      body: (response.body ?? Readable.from([])) as unknown as AsyncIterable<Uint8Array>,
      abort: () => leave.abort(),
    }
  }
}

function streamOf(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

/** Reads an answer to its end. Rejects when the body is cut. */
export async function whole(open: OpenAnswer): Promise<LaneAnswer> {
  const pieces: Uint8Array[] = []
  for await (const piece of open.body) pieces.push(piece)
  const body = Buffer.concat(pieces)
  const values = (name: string): string[] => open.headers.filter(([known]) => known === name).map(([, value]) => value)
  return {
    status: open.status,
    headers: open.headers,
    body,
    text: body.toString(),
    json: <T>() => JSON.parse(body.toString()) as T,
    header: (name) => values(name)[0],
    values,
  }
}
