import {
  clean,
  HttpClient,
  Outage,
  readJson,
  remediesOf,
  tlsContext,
  understand,
  type Place,
  type Said,
} from '@octopus-gateway/discovery-support'
import { parseAddress } from './address.ts'
import type * as v from 'valibot'
import type { Settings } from './options.ts'

/** The longest time that Consul holds an answer back. So long a silent network may go unnoticed. Milliseconds. */
const WAIT = 60_000
/** For an answer that need not wait. Milliseconds. */
const ANSWER = 10_000
/** Bytes of one answer: thousands of instances fit, and a registry gone mad does not. */
const LONGEST_ANSWER = 64 * 1024 * 1024

const REMEDIES = remediesOf({ address: 'address', server: 'the agent', plain: 'set scheme to http', secure: 'set scheme to https' })

/** What Consul says, and the index to wait beyond. */
export interface Told {
  readonly value: unknown
  /** 0 where there was none. */
  readonly index: number
  /** Whether the token may not see all there is. */
  readonly isFiltered: boolean
  /** Whether Consul refuses what nobody has allowed. */
  readonly deniesByDefault: boolean
}

/** What is asked for. */
export interface Question {
  /** `catalog/services`. */
  readonly path: string
  readonly query?: readonly (readonly [name: string, value: string])[]
  /** For messages. */
  readonly subject: string
}

/** Asks one agent. */
export class ConsulClient implements Disposable {
  readonly #http: HttpClient
  readonly #settings: Settings

  private constructor(settings: Settings, place: Place) {
    this.#settings = settings
    this.#http = new HttpClient(place)
  }

  /** Reads the files of `tls` anew. Rejects with an `Outage` when that fails. */
  static async open(settings: Settings): Promise<ConsulClient> {
    return new ConsulClient(settings, await placeOf(settings))
  }

  /** `Consul at http://127.0.0.1:8500`. */
  get name(): string {
    return this.#http.place.name
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]()
  }

  /** With an `index`, answers when there is something newer, or after a minute. */
  async ask(question: Question, index: number, signal: AbortSignal): Promise<Told> {
    const { filter, consistency } = this.#settings
    const waits = index > 0
    const query: (readonly [string, string])[] = [...(question.query ?? [])]
    if (consistency !== 'default') query.push([consistency, ''])
    if (filter !== undefined && question.path.startsWith('health/')) query.push(['filter', filter])
    if (waits) query.push(['index', String(index)], ['wait', `${WAIT / 1000}s`])
    // Consul adds up to a sixteenth of the wait by chance.
    const told = await this.#get({ ...question, query }, waits ? WAIT + WAIT / 16 + ANSWER : ANSWER, signal)
    if (told === undefined) throw this.#refusal(404, '', question)
    return told
  }

  /** The entries of a key, or `undefined` when there is none. */
  key(key: string, signal: AbortSignal): Promise<Told | undefined> {
    return this.#get({ path: `kv/${key.split('/').map(encodeURIComponent).join('/')}`, subject: 'a key' }, ANSWER, signal)
  }

  /** What was told, in the shape that it is to have. Throws an `Outage` when it has another one. */
  read<S extends v.GenericSchema>(schema: S, { value }: Told, subject: string): v.InferOutput<S> {
    return understand(schema, value, this.#said(subject))
  }

  /** `undefined` where there is nothing. */
  async #get(question: Question, head: number, signal: AbortSignal): Promise<Told | undefined> {
    const { datacenter, namespace, token } = this.#settings
    const all = new URLSearchParams()
    for (const [name, value] of question.query ?? []) all.append(name, value)
    if (datacenter !== undefined) all.set('dc', datacenter)
    if (namespace !== undefined) all.set('ns', namespace)
    const answer = await this.#http.ask({
      path: `/v1/${question.path}${all.size === 0 ? '' : `?${all}`}`,
      headers: token === undefined ? {} : { 'x-consul-token': token },
      times: { head, body: ANSWER },
      signal,
    })
    const { status, headers } = answer
    const text = await answer.text(LONGEST_ANSWER)
    if (status === 404) return undefined
    if (status !== 200) throw this.#refusal(status, text, question)
    return {
      value: readJson(text, this.#said(question.subject)),
      index: Number(headers['x-consul-index'] ?? 0),
      isFiltered: headers['x-consul-results-filtered-by-acls'] === 'true',
      deniesByDefault: headers['x-consul-default-acl-policy'] === 'deny',
    }
  }

  #said(subject: string): Said {
    return { name: this.name, product: 'Consul', subject: `the question for ${subject}` }
  }

  /** What is done about an answer that is none. */
  #refusal(status: number, text: string, { subject }: Question): Outage {
    const { token } = this.#settings
    const said = clean(token === undefined ? text : text.replaceAll(token, '[token]'))
    return new Outage(
      `${this.name} answered ${status} to the question for ${subject}${said === '' ? '' : ` ("${said}")`}: ${remedyFor(status, said)}.`,
    )
  }
}

function remedyFor(status: number, said: string): string {
  if (status === 401 || status === 403)
    return 'the token was refused; give one in token that may read services and nodes (service_prefix "" and node_prefix "" with policy read), and keys where schemas are in the key-value store'
  if (said.startsWith('No path to datacenter')) return 'there is no such datacenter; check datacenter'
  if (said.includes('Enterprise feature')) return 'this Consul has no namespaces; leave out namespace'
  if (said.includes('boolean expression')) return 'it does not understand filter'
  return 'is this Consul?'
}

async function placeOf({ address, scheme, tls }: Settings): Promise<Place> {
  const { host, port } = parseAddress(address)!
  const isSecure = (scheme ?? (tls === undefined ? 'http' : 'https')) === 'https'
  const origin = `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return { name: `Consul at ${origin}`, origin, tls: isSecure ? await tlsContext(tls) : null, remedies: REMEDIES }
}
