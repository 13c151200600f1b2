import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Outage, unreachable } from './outage.ts'
import type { ClientRequest, IncomingMessage } from 'node:http'

/** Bytes of one answer: thousands of instances fit, and a registry gone mad does not. */
const LONGEST_ANSWER = 64 * 1024 * 1024
/** Until an answer is complete. Milliseconds. */
const TIMEOUT = 10_000

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

export interface HttpQuestion {
  /** Default `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Behind the address of the server. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Milliseconds. Default ten seconds. */
  readonly timeout?: number
}

/** Asks one server over connections of its own; disposed of, none is left. */
export class HttpClient implements Disposable {
  readonly server: string
  readonly #authorization: Readonly<Record<string, string>>
  readonly #agent: HttpAgent

  constructor(server: string, authorization: string | null) {
    this.server = server.replace(/\/+$/, '')
    this.#authorization = authorization === null ? {} : { authorization }
    this.#agent = this.#isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  }

  /** Rejects with an `Outage` when there is no answer, and with the reason of `signal` when that aborts. */
  async ask(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#once(question, signal)
    } catch (thrown) {
      // A kept connection may have been closed at the moment when it was used again: that says nothing about the server. Asking twice does no harm.
      if (!(thrown instanceof Stale)) throw thrown
      return this.#once(question, signal)
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  get #isSecure(): boolean {
    return /^https:/i.test(this.server)
  }

  #once({ method = 'GET', path, body, timeout = TIMEOUT }: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    const { server } = this
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      accept: 'application/json',
      ...this.#authorization,
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    }
    return new Promise((resolve, reject) => {
      const send = this.#isSecure ? httpsRequest : httpRequest
      const request = send(server + path, { method, agent: this.#agent, signal, headers })
      const timer = setTimeout(() => request.destroy(new Outage(`${server} did not answer within ${timeout} ms.`)), timeout)
      request.on('close', () => clearTimeout(timer))
      request.on('error', (error) => reject(failureOf(error, request, { server, signal })))
      request.on('response', (response) => {
        collect(response, server).then(resolve, (error: Error) => {
          request.destroy()
          reject(failureOf(error, request, { server, signal }))
        })
      })
      request.end(text)
    })
  }
}

/** The connection was gone before anything was said on it. */
class Stale extends Error {}

function failureOf(
  error: Error,
  request: ClientRequest,
  { server, signal }: { readonly server: string; readonly signal: AbortSignal },
): Error {
  if (signal.aborted) return signal.reason instanceof Error ? signal.reason : error
  if (error instanceof Outage) return error
  if (request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return new Stale()
  return unreachable(server, error)
}

async function collect(response: IncomingMessage, server: string): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw new Outage(`${server} answers with more than ${LONGEST_ANSWER} bytes: is this Eureka?`)
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
}
