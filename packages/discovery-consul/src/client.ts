import { HttpClient } from './http.ts'
import { Outage, refusal } from './outage.ts'
import { parseAddress } from './address.ts'
import { readFile } from 'node:fs/promises'
import type { HttpAnswer, Place } from './http.ts'
import type { Settings } from './options.ts'

/** The longest time that Consul holds an answer back. So long a silent network may go unnoticed. Milliseconds. */
const WAIT = 60_000
/** For an answer that need not wait. Milliseconds. */
const ANSWER = 10_000

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
  readonly #origin: string

  private constructor(settings: Settings, place: Place) {
    this.#settings = settings
    this.#origin = place.origin
    this.#http = new HttpClient(place)
  }

  /** Reads the files of `tls` anew. Rejects with an `Outage` when that fails. */
  static async open(settings: Settings): Promise<ConsulClient> {
    return new ConsulClient(settings, await placeOf(settings))
  }

  get origin(): string {
    return this.#origin
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
    const timeout = waits ? WAIT + WAIT / 16 + ANSWER : ANSWER
    const answer = await this.#get({ ...question, query }, timeout, signal)
    if (answer.status !== 200) throw this.#refusal(answer, question.subject)
    return {
      value: this.#json(answer, question.subject),
      index: Number(answer.headers['x-consul-index'] ?? 0),
      isFiltered: answer.headers['x-consul-results-filtered-by-acls'] === 'true',
      deniesByDefault: answer.headers['x-consul-default-acl-policy'] === 'deny',
    }
  }

  /** The entries of a key, or `undefined` when there is none. */
  async key(key: string, signal: AbortSignal): Promise<unknown> {
    const subject = 'a key'
    const answer = await this.#get({ path: `kv/${key.split('/').map(encodeURIComponent).join('/')}`, subject }, ANSWER, signal)
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw this.#refusal(answer, subject)
    return this.#json(answer, subject)
  }

  #get({ path, query = [] }: Question, timeout: number, signal: AbortSignal): Promise<HttpAnswer> {
    const { datacenter, namespace } = this.#settings
    const all = new URLSearchParams()
    for (const [name, value] of query) all.append(name, value)
    if (datacenter !== undefined) all.set('dc', datacenter)
    if (namespace !== undefined) all.set('ns', namespace)
    return this.#http.get(`/v1/${path}${all.size === 0 ? '' : `?${all}`}`, { signal, timeout })
  }

  #refusal(answer: HttpAnswer, subject: string): Outage {
    return refusal({ origin: this.#origin, token: this.#settings.token }, answer, subject)
  }

  #json({ body }: HttpAnswer, subject: string): unknown {
    try {
      return JSON.parse(body.toString())
    } catch (error) {
      throw new Outage(`Consul at ${this.#origin} answered the question for ${subject} with something that is not JSON: is this Consul?`, {
        cause: error,
      })
    }
  }
}

async function placeOf({ address, scheme, token, tls }: Settings): Promise<Place> {
  const { host, port } = parseAddress(address)!
  const isSecure = (scheme ?? (tls === undefined ? 'http' : 'https')) === 'https'
  return {
    origin: `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    headers: token === undefined ? {} : { 'x-consul-token': token },
    tls: isSecure
      ? {
          rejectUnauthorized: tls?.verify ?? true,
          ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
          ...(tls?.ca === undefined ? {} : { ca: await pemOf(tls.ca, 'tls.ca') }),
          ...(tls?.cert === undefined ? {} : { cert: await pemOf(tls.cert, 'tls.cert') }),
          ...(tls?.key === undefined ? {} : { key: await pemOf(tls.key, 'tls.key') }),
        }
      : null,
  }
}

async function pemOf(value: string, name: string): Promise<string> {
  if (value.includes('-----BEGIN')) return value
  try {
    return await readFile(value, 'utf8')
  } catch (error) {
    // The value is not repeated: it may be a key in another form.
    throw new Outage(`The file of ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause: error })
  }
}
