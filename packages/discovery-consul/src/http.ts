import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Outage, unreachable } from './outage.ts'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { SecureContextOptions } from 'node:tls'

/** Bytes of one answer: thousands of instances fit, and a registry gone mad does not. */
const LONGEST_ANSWER = 64 * 1024 * 1024

/** Where to ask, and how to get there. */
export interface Place {
  /** `http://127.0.0.1:8500`: for messages as well, so without credentials. */
  readonly origin: string
  readonly tls: (SecureContextOptions & { readonly servername?: string; readonly rejectUnauthorized: boolean }) | null
  readonly headers: Readonly<Record<string, string>>
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Asking {
  readonly signal: AbortSignal
  /** Until the answer is complete. Milliseconds. */
  readonly timeout: number
}

/** Asks one server over connections of its own; disposed of, none is left. */
export class HttpClient implements Disposable {
  readonly #place: Place
  readonly #agent: HttpAgent

  constructor(place: Place) {
    this.#place = place
    this.#agent = place.tls === null ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true, ...place.tls })
  }

  /** Rejects with an `Outage` when there is no answer, and with the reason of `signal` when that aborts. */
  async get(path: string, asking: Asking): Promise<HttpAnswer> {
    try {
      return await this.#once(path, asking)
    } catch (thrown) {
      // A kept connection may have been closed at the moment when it was used again: that says nothing about the server.
      if (!(thrown instanceof Stale)) throw thrown
      return this.#once(path, asking)
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  #once(path: string, { signal, timeout }: Asking): Promise<HttpAnswer> {
    const { origin, tls, headers } = this.#place
    return new Promise((resolve, reject) => {
      const send = tls === null ? httpRequest : httpsRequest
      const request = send(`${origin}${path}`, { agent: this.#agent, signal, headers: { accept: 'application/json', ...headers } })
      const timer = setTimeout(() => request.destroy(new Outage(`${origin} did not answer within ${timeout} ms.`)), timeout)
      request.on('close', () => clearTimeout(timer))
      request.on('error', (error) => reject(failureOf(error, request, { origin, signal })))
      request.on('response', (response) => {
        collect(response, origin).then(resolve, (error: Error) => {
          request.destroy()
          reject(failureOf(error, request, { origin, signal }))
        })
      })
      request.end()
    })
  }
}

/** The connection was gone before anything was said on it. */
class Stale extends Error {}

function failureOf(
  error: Error,
  request: ClientRequest,
  { origin, signal }: { readonly origin: string; readonly signal: AbortSignal },
): Error {
  if (signal.aborted) return signal.reason instanceof Error ? signal.reason : error
  if (error instanceof Outage) return error
  if (request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return new Stale()
  return unreachable(origin, error)
}

async function collect(response: IncomingMessage, origin: string): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER)
      throw new Outage(`${origin} answers with more than ${LONGEST_ANSWER} bytes; narrow it down with tags or a filter.`)
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }
}
