import http from 'node:http'
import https from 'node:https'
import { Failure, failureOf, unreachable } from './failure.ts'
import { lines } from './lines.ts'
import type { Access } from './access/access.ts'

/** Until an answer begins. Milliseconds. */
const HEAD_MS = 10_000
/** Until a list is there. Milliseconds. */
const BODY_MS = 30_000
/** Several hundred EndpointSlices of a hundred endpoints each are 20 MB. */
const LARGEST_ANSWER = 64 * 1024 * 1024
/** The API server keeps objects up to 1.5 MB. */
const LARGEST_LINE = 4 * 1024 * 1024
const LARGEST_FAILURE = 16 * 1024

/** What is asked for. */
export interface Question {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Default `application/json`. */
  readonly accept?: string
}

/** Talks to the API server over connections of its own. */
export class Client implements Disposable {
  readonly #access: Access
  readonly #agent: http.Agent

  constructor(access: Access) {
    this.#access = access
    // A server that has vanished is noticed by the system, also while nothing happens on a watch.
    const options = { keepAlive: true, keepAliveMsecs: 15_000 }
    this.#agent = access.server.protocol === 'https:' ? new https.Agent({ ...options, ...access.tls }) : new http.Agent(options)
  }

  /** JSON. Rejects with a `Failure` for anything but 200. */
  async get(question: Question, signal: AbortSignal): Promise<unknown> {
    const { response, over } = await this.#ask(question, signal, BODY_MS)
    try {
      return JSON.parse(await textOf(response, LARGEST_ANSWER)) as unknown
    } catch (thrown) {
      throw signal.aborted ? thrown : unreachable(this.#access.server, over() ? `no complete answer in ${BODY_MS / 1000} s` : thrown)
    } finally {
      response.destroy()
    }
  }

  /**
   * The lines of an answer, each one JSON, as they come. It is over when the server ends it, and throws where the connection breaks. `longest` is the time it may take
   * in milliseconds; `begun` is called with its head.
   */
  async *stream(question: Question, signal: AbortSignal, longest: number, begun: () => void): AsyncGenerator<unknown> {
    const { response, over } = await this.#ask(question, signal, longest)
    begun()
    try {
      for await (const line of lines(response, LARGEST_LINE)) yield JSON.parse(line) as unknown
    } catch (thrown) {
      throw signal.aborted ? thrown : unreachable(this.#access.server, over() ? 'the watch did not end in time' : thrown)
    } finally {
      response.destroy()
    }
  }

  async #ask({ path, query = {}, accept = 'application/json' }: Question, signal: AbortSignal, longest: number): Promise<Answer> {
    const { server, remedy } = this.#access
    const token = await this.#access.token()
    const search = new URLSearchParams(query).toString()
    const base = server.pathname.replace(/\/$/, '')
    const send = server.protocol === 'https:' ? https.request : http.request
    let isOver = false
    const answer = await new Promise<Answer>((resolve, reject) => {
      const request = send({
        host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : Number(server.port),
        path: `${base}${path}${search === '' ? '' : `?${search}`}`,
        agent: this.#agent,
        signal,
        headers: { accept, 'user-agent': 'octopus-gateway', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      })
      const expire = (): void => {
        isOver = true
        request.destroy(new Error('timeout'))
      }
      let timer = setTimeout(expire, HEAD_MS)
      request.on('close', () => clearTimeout(timer))
      request.on('error', (error) =>
        reject(signal.aborted ? error : unreachable(server, isOver ? `no answer in ${HEAD_MS / 1000} s` : error)),
      )
      request.on('response', (response) => {
        clearTimeout(timer)
        timer = setTimeout(expire, longest)
        resolve({ response, over: () => isOver })
      })
      request.end()
    })
    const { response } = answer
    if (response.statusCode === 200) return answer
    try {
      throw failureOf(response.statusCode ?? 0, await textOf(response, LARGEST_FAILURE), { server, path, remedy })
    } catch (thrown) {
      throw thrown instanceof Failure || signal.aborted ? thrown : unreachable(server, thrown)
    } finally {
      response.destroy()
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

interface Answer {
  readonly response: http.IncomingMessage
  /** Whether its time was over. */
  over(): boolean
}

async function textOf(response: http.IncomingMessage, largest: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largest) throw new Error(`the answer is larger than ${largest} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
