import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { lines } from './lines.ts'
import { Outage, TooLarge, Unreachable } from './outage.ts'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Remedies } from './remedies.ts'
import type { TlsContext } from './tls.ts'

/** The network is asked so often whether a server that says nothing is still there. Milliseconds. */
const KEEP_ALIVE_MS = 10_000

/** A server of a registry, how to get there, and how to speak of it. */
export interface Place {
  /** `Consul at http://127.0.0.1:8500`: how messages begin, so without credentials. */
  readonly name: string
  /** Scheme, host and port, and a path where there is one in front of all others. */
  readonly origin: string
  /** `null` without TLS. */
  readonly tls: TlsContext | null
  readonly remedies: Remedies
  /** What is said of a server that gives no answer. Default `cannot be reached`. */
  readonly failing?: string
}

/** How long things may take. Milliseconds. */
export interface Times {
  /** Until the head of the answer is there. */
  readonly head: number
  /**
   * From then on, until an answer with status 200 is complete. `Infinity` where it has no end. Default: what the head has left, as refusals have it always: who
   * asks for a stream must not wait that long for the end of a refusal.
   */
  readonly body?: number
  /** How long nothing may come. Default: as long as all of it. */
  readonly silence?: number
}

/** What a server is asked. */
export interface HttpQuestion {
  /** Default `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Behind the origin, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string
  readonly times: Times
  readonly signal: AbortSignal
}

/** The connection was gone before anything was said on it. */
class Stale extends Error {}

/** Asks one server over connections of its own; disposed of, none is left. */
export class HttpClient implements Disposable {
  readonly place: Place
  readonly #agent: HttpAgent | false

  /** Without `keepAlive` each question has a connection of its own, and there is nothing to dispose of. */
  constructor(place: Place, { keepAlive = true }: { readonly keepAlive?: boolean } = {}) {
    this.place = place
    const agent = (): HttpAgent => (place.tls === null ? new HttpAgent({ keepAlive }) : new HttpsAgent({ keepAlive, ...place.tls }))
    this.#agent = keepAlive && agent()
  }

  /** The answer, as soon as it begins; its `text` or its `lines` are to be read. Rejects with `Unreachable` when there is none, and as `signal` aborts. */
  async ask(question: HttpQuestion): Promise<Answer> {
    try {
      return await this.#once(question, this.#agent)
    } catch (thrown) {
      // A kept connection may have been closed at the moment when it was used again: that says nothing about the server. Asking twice does no harm.
      if (!(thrown instanceof Stale)) throw thrown
      return this.#once(question, false)
    }
  }

  [Symbol.dispose](): void {
    if (this.#agent !== false) this.#agent.destroy()
  }

  #once(question: HttpQuestion, agent: HttpAgent | false): Promise<Answer> {
    const { place } = this
    const { signal, times, body } = question
    return new Promise((resolve, reject) => {
      const request = begin(place, question, agent)
      let failing: { destroy(error: Error): unknown } = request
      const limit = (ms: number, problem: string): NodeJS.Timeout =>
        setTimeout(() => failing.destroy(new Unreachable(`${place.name} ${problem} within ${ms} ms.`)), ms)
      let timer = limit(times.head, 'did not answer')
      request.on('close', () => clearTimeout(timer))
      request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS))
      request.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted
        reject(isStale ? new Stale() : failureOf(error, place, signal))
      })
      request.on('response', (response) => {
        failing = response
        if (times.body !== undefined && response.statusCode === 200) {
          clearTimeout(timer)
          if (times.body < Infinity) timer = limit(times.body, 'did not complete its answer')
        }
        if (times.silence !== undefined)
          response.setTimeout(times.silence, () => response.destroy(new Unreachable(`${place.name} has fallen silent.`)))
        resolve(new Answer(response, place, signal))
      })
      request.end(body)
    })
  }
}

/** An answer whose head has come. */
export class Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly #response: IncomingMessage
  readonly #place: Place
  readonly #signal: AbortSignal

  constructor(response: IncomingMessage, place: Place, signal: AbortSignal) {
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    this.#response = response
    this.#place = place
    this.#signal = signal
  }

  /** All of it. Rejects with `TooLarge` when it is more than `longest` bytes, with `Unreachable` when it breaks off, and as the question's signal aborts. */
  async text(longest: number): Promise<string> {
    const chunks: Buffer[] = []
    let length = 0
    try {
      for await (const chunk of this.#response as AsyncIterable<Buffer>) {
        length += chunk.length
        if (length > longest) throw new TooLarge(`${this.#place.name} answers with more than ${longest} bytes.`)
        chunks.push(chunk)
      }
    } catch (thrown) {
      throw failureOf(thrown, this.#place, this.#signal)
    } finally {
      this.#response.destroy()
    }
    return Buffer.concat(chunks).toString()
  }

  /** Line by line, as they come, none longer than `longest` bytes. Throws like `text`, and `Unreachable` where the last line has no end. */
  async *lines(longest: number): AsyncGenerator<string> {
    try {
      yield* lines(this.#response as AsyncIterable<Buffer>, longest, this.#place.name)
    } catch (thrown) {
      throw failureOf(thrown, this.#place, this.#signal)
    } finally {
      this.#response.destroy()
    }
  }
}

/** Of whom is spoken. */
type Whereabouts = Pick<Place, 'name' | 'failing' | 'remedies'>

/** The outage that a server is which cannot be used: why, and what to do. */
export function unreachable({ name, failing = 'cannot be reached', remedies }: Whereabouts, cause: unknown): Unreachable {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const remedy = remedies.get(code)
  return new Unreachable(`${name} ${failing} (${code || message})${remedy === undefined ? '' : `: ${remedy}`}.`, { cause })
}

function failureOf(thrown: unknown, place: Place, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason instanceof Error ? signal.reason : thrown
  return thrown instanceof Outage ? thrown : unreachable(place, thrown)
}

function begin({ origin, tls }: Place, { method, path, headers, body, signal }: HttpQuestion, agent: HttpAgent | false): ClientRequest {
  const told = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return (tls === null ? httpRequest : httpsRequest)(`${origin}${path}`, {
    ...(agent === false ? tls : {}),
    ...(method === undefined ? {} : { method }),
    agent,
    signal,
    headers: { accept: 'application/json', 'user-agent': 'octopus-gateway', ...told, ...headers },
  })
}
