import { createServer } from 'node:http'
import { answerSafely } from './answer-safely.ts'
import { listen } from './listen.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as a service received it. */
export interface RecordedRequest {
  readonly method: string
  /** The request target as received. */
  readonly url: string
  /** Names and values alternating, in the order and letter case received. */
  readonly rawHeaders: readonly string[]
  /** The first value of a field, by its lower-case name. */
  header(name: string): string | undefined
  /** Bytes of the body received so far. */
  bodyBytes: number
  /** The start of the body as UTF-8, up to `keepBody` bytes. */
  body: string
  /** `open` until the answer was sent (`finished`) or the connection broke before that (`aborted`). */
  state: 'open' | 'finished' | 'aborted'
}

/** Answers in place of the echo. The body is the handler's to read: the record then holds none of it. */
export type ServiceHandler = (request: IncomingMessage, response: ServerResponse, recorded: RecordedRequest) => void | Promise<void>

/** What a service is made of. */
export interface ServiceOptions {
  /** Told in every echo, so that a test sees which service answered. Default `service`. */
  readonly name?: string
  /** Default 0: any free port. */
  readonly port?: number
  readonly handler?: ServiceHandler
  /** Bytes of each body kept as text; the rest is only counted. Default 64 KiB. */
  readonly keepBody?: number
  /** Requests kept in `requests`, the oldest dropped first. Default 10,000. */
  readonly keepRequests?: number
}

/** A running HTTP service on 127.0.0.1. */
export interface Service extends AsyncDisposable {
  readonly name: string
  readonly port: number
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string
  /** The same with a slash at the end. */
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  /** Requests received so far, also those no longer kept. */
  readonly count: number
  /** Connections: open now, and accepted so far. */
  readonly connections: { readonly open: number; readonly accepted: number }
  /** Stops listening and cuts every connection. */
  close(): Promise<void>
}

/**
 * Starts a service that answers every request, once its body has arrived, with 200 and
 * `{ name, method, url, headers, body, body_bytes }` as JSON; `headers` is the raw list. Rejects with the listen error.
 */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { name = 'service', port = 0, keepBody = 65_536, keepRequests = 10_000 } = options
  const handler = options.handler ?? echo(name, keepBody)
  const requests: RecordedRequest[] = []
  let count = 0
  const server = createServer((request, response) => {
    const recorded = record(request, response)
    count++
    requests.push(recorded)
    if (requests.length > keepRequests) requests.shift()
    void answerSafely(response, () => handler(request, response, recorded))
  })
  // Silent clients are what some tests are about; Node's own limits would cut them.
  server.requestTimeout = 0
  server.headersTimeout = 0
  const listening = await listen(server, port)
  return {
    name,
    port: listening.port,
    origin: listening.origin,
    url: `${listening.origin}/`,
    requests,
    get count() {
      return count
    },
    connections: listening,
    close: listening.close,
    [Symbol.asyncDispose]: listening.close,
  }
}

function record(request: IncomingMessage, response: ServerResponse): RecordedRequest {
  const { rawHeaders } = request
  const recorded: RecordedRequest = {
    method: request.method ?? '',
    url: request.url ?? '',
    rawHeaders,
    header(name) {
      for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) return rawHeaders[i + 1]
      return undefined
    },
    bodyBytes: 0,
    body: '',
    state: 'open',
  }
  response.on('close', () => {
    recorded.state = response.writableFinished ? 'finished' : 'aborted'
  })
  return recorded
}

function echo(name: string, keepBody: number): ServiceHandler {
  return async (request, response, recorded) => {
    const kept: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (recorded.bodyBytes < keepBody) kept.push(chunk.subarray(0, keepBody - recorded.bodyBytes))
      recorded.bodyBytes += chunk.length
    }
    recorded.body = Buffer.concat(kept).toString()
    const { method, url, rawHeaders, body, bodyBytes } = recorded
    const text = JSON.stringify({ name, method, url, headers: rawHeaders, body, body_bytes: bodyBytes })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }
}
