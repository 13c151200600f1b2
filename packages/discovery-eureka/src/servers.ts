import { HttpClient, Members, Outage, remediesOf, SYSTEM_TRUST } from '@octopus-gateway/discovery-support'
import type { Settings } from './options.ts'

/** Until an answer begins, and from then on until it is complete. Milliseconds. */
const TIMEOUT = 10_000
/** Bytes of one answer: thousands of instances fit, and a registry gone mad does not. */
const LONGEST_ANSWER = 64 * 1024 * 1024

const REMEDIES = remediesOf({ address: 'servers', server: 'Eureka', ...SYSTEM_TRUST })

/** What a server is asked. */
export interface Question {
  /** Default `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Behind the address of the server. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Milliseconds. Default ten seconds. */
  readonly timeout?: number
}

/** What it has answered. */
export interface ServerAnswer {
  /** `Eureka at http://127.0.0.1:8761/eureka`. */
  readonly name: string
  readonly status: number
  readonly text: string
}

/** One server. */
export type Server = (question: Question, signal: AbortSignal) => Promise<ServerAnswer>

/** Several servers with one contents: the one that answered last is asked first. */
export class Servers extends Members<Server> implements Disposable {
  readonly #clients: readonly HttpClient[]

  constructor({ servers, username, password }: Settings) {
    const headers: Readonly<Record<string, string>> =
      username === undefined ? {} : { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
    const clients = servers.map(
      (origin) => new HttpClient({ name: `Eureka at ${origin}`, origin, tls: /^https:/i.test(origin) ? {} : null, remedies: REMEDIES }),
    )
    super(clients.map((client) => (question, signal) => ask(client, question, { headers, signal })))
    this.#clients = clients
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]()
  }
}

async function ask(
  client: HttpClient,
  { method = 'GET', path, body, timeout = TIMEOUT }: Question,
  rest: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<ServerAnswer> {
  const { name } = client.place
  const written = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await client.ask({ method, path, ...written, times: { head: timeout, body: timeout }, ...rest })
  return { name, status: answer.status, text: await answer.text(LONGEST_ANSWER) }
}

/** Throws an `Outage` where the status is none of these. */
export function expectStatus({ name, status }: ServerAnswer, fine: readonly number[], subject: string): void {
  if (!fine.includes(status)) throw new Outage(`${name} answered ${status} to ${subject}: ${remedyFor(status)}.`)
}

function remedyFor(status: number): string {
  if (status === 401) return 'the credentials were refused; check username and password'
  // Netflix's own server says so for five minutes after a start without a replica to copy from.
  if (status === 403) return 'the credentials were refused, or it has just started and waits for its replicas; check username and password'
  if (status === 404) return 'there is nothing; check the path in servers: most have /eureka, older ones /eureka/v2'
  return 'is this Eureka?'
}
