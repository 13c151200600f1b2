import { failureOf, REMEDIES } from './failure.ts'
import { HttpClient, parseJson, unreachable } from '@octopus-gateway/discovery-support'
import type { Access } from './access/access.ts'
import type { Answer } from '@octopus-gateway/discovery-support'

/** Until an answer begins. Milliseconds. */
const HEAD_MS = 10_000
/** From then on, until a list is there. Milliseconds. */
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
  readonly #http: HttpClient

  constructor(access: Access) {
    const { server, tls } = access
    this.#access = access
    this.#http = new HttpClient({
      name: `The Kubernetes API at ${server.host}`,
      origin: `${server.origin}${server.pathname.replace(/\/$/, '')}`,
      tls: server.protocol === 'https:' ? tls : null,
      remedies: REMEDIES,
      failing: 'cannot be used',
    })
  }

  /** JSON. Rejects with a `Failure` for anything but 200. */
  async get(question: Question, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#ask(question, signal, BODY_MS)
    return this.#json(await answer.text(LARGEST_ANSWER))
  }

  /**
   * The lines of an answer, each one JSON, as they come. It is over when the server ends it, and throws where the connection breaks. `longest` is the time it may take
   * in milliseconds; `begun` is called with its head.
   */
  async *stream(question: Question, signal: AbortSignal, longest: number, begun: () => void): AsyncGenerator<unknown> {
    const answer = await this.#ask(question, signal, longest)
    begun()
    for await (const line of answer.lines(LARGEST_LINE)) yield this.#json(line)
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]()
  }

  #json(text: string): unknown {
    const value = parseJson(text)
    if (value === undefined) throw unreachable(this.#http.place, new Error('what it answers is not JSON'))
    return value
  }

  async #ask({ path, query = {}, accept = 'application/json' }: Question, signal: AbortSignal, body: number): Promise<Answer> {
    const token = await this.#access.token()
    const search = new URLSearchParams(query).toString()
    const answer = await this.#http.ask({
      path: `${path}${search === '' ? '' : `?${search}`}`,
      headers: { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      times: { head: HEAD_MS, body },
      signal,
    })
    if (answer.status === 200) return answer
    throw failureOf(answer.status, await answer.text(LARGEST_FAILURE), { api: this.#http.place.name, path, remedy: this.#access.remedy })
  }
}
