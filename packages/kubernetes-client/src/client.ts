import { accessOf, type AccessOptions } from './access/choose.ts'
import { failureOf } from './failure.ts'
import { HttpClient, Outage, readJson, remediesOf, type Answer } from '@octopus-gateway/discovery-support'
import type { Access } from './access/access.ts'
import type { Logger } from '@octopus-gateway/core'

/** Until an answer begins. Milliseconds. */
const HEAD_MS = 10_000
/** From then on, until a list is there. Milliseconds. */
const BODY_MS = 30_000
/** Several hundred EndpointSlices of a hundred endpoints each are 20 MB. */
const LARGEST_ANSWER = 64 * 1024 * 1024
/** The API server keeps objects up to 1.5 MB. */
const LARGEST_LINE = 4 * 1024 * 1024
const LARGEST_FAILURE = 16 * 1024

const REMEDIES = remediesOf({
  address: 'the address',
  server: 'the API server',
  plain: 'write http in the kubeconfig',
  secure: 'write https in the kubeconfig',
  trust: 'check certificate-authority',
  naming: 'check the address, or set tls-server-name in the kubeconfig',
  showing: 'give client-certificate and client-key in the kubeconfig',
})

/** Which cluster, and what failures say of those who ask. */
export interface ClientOptions extends AccessOptions {
  /** What is to be granted where something is forbidden: `list and watch on pods`. */
  readonly rights: string
  /** The oldest Kubernetes that knows what is asked for: `1.21`. */
  readonly oldest: string
  /** Told where a kubeconfig says that the certificate is not to be checked. */
  readonly log: Logger
}

/** What is asked for. */
export interface Question {
  /** `/api/v1/namespaces/shop`. */
  readonly path: string
  /** Default: none. */
  readonly query?: Readonly<Record<string, string>>
  /** Default `application/json`. */
  readonly accept?: string
}

/** Asks the API server of one cluster over connections of its own; disposed of, none is left. */
export class KubernetesClient implements Disposable {
  readonly #access: Access
  readonly #words: Pick<ClientOptions, 'rights' | 'oldest'>
  readonly #http: HttpClient

  private constructor(access: Access, words: Pick<ClientOptions, 'rights' | 'oldest'>) {
    const { server, tls } = access
    this.#access = access
    this.#words = words
    this.#http = new HttpClient({
      name: `The Kubernetes API at ${server.host}`,
      origin: `${server.origin}${server.pathname.replace(/\/$/, '')}`,
      tls: server.protocol === 'https:' ? tls : null,
      remedies: REMEDIES,
    })
  }

  /** Reads the files of the kubeconfig or the service account anew. Rejects with an `Outage` that says which of them is missing or wrong; nothing is asked yet. */
  static async open(options: ClientOptions): Promise<KubernetesClient> {
    return new KubernetesClient(await accessOf(options, options.log), options)
  }

  /** Host and port of the API server. */
  get host(): string {
    return this.#access.server.host
  }

  /** The namespace of the pod, or of the kubeconfig's context. */
  get namespace(): string {
    return this.#access.namespace
  }

  /**
   * What is there, as JSON, in 40 seconds at most. Rejects with an `ApiFailure` for every status but 200, with another `Outage` when the server cannot be
   * reached or says something else than JSON, or more than 64 MB, and as `signal` aborts.
   */
  async get(question: Question, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#ask(question, BODY_MS, signal)
    return this.#json(await answer.text(LARGEST_ANSWER), question)
  }

  /**
   * The lines of an answer, each one JSON, as they come; resolves as soon as it begins. It is over when the server ends it, and throws `Unreachable` where the
   * connection breaks, or ends in the middle of a line, and after `longest` milliseconds, another `Outage` for a line that is no JSON or of more than 4 MB.
   * Rejects like `get`.
   */
  async stream(question: Question, longest: number, signal: AbortSignal): Promise<AsyncGenerator<unknown>> {
    return this.#lines(await this.#ask(question, longest, signal), question)
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]()
  }

  async *#lines(answer: Answer, question: Question): AsyncGenerator<unknown> {
    for await (const line of answer.lines(LARGEST_LINE)) yield this.#json(line, question)
  }

  #json(text: string, { path }: Question): unknown {
    return readJson(text, { name: this.#http.place.name, product: 'Kubernetes', subject: `GET ${path}` })
  }

  async #ask({ path, query = {}, accept = 'application/json' }: Question, body: number, signal: AbortSignal): Promise<Answer> {
    const token = await this.#access.token()
    const search = new URLSearchParams(query).toString()
    const answer = await this.#http.ask({
      path: `${path}${search === '' ? '' : `?${search}`}`,
      headers: { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      times: { head: HEAD_MS, body },
      signal,
    })
    if (answer.status === 200) return answer
    // The status says more than its page, which a program in between may have written, at length.
    const said = await answer.text(LARGEST_FAILURE).catch((thrown: unknown) => {
      if (signal.aborted || !(thrown instanceof Outage)) throw thrown
      return ''
    })
    throw failureOf(answer.status, said, { api: this.#http.place.name, path, remedy: this.#access.remedy, ...this.#words })
  }
}
