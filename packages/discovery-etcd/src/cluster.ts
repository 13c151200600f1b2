import { clean, isStaleToken, Outage, Refusal, refusalOf, type Rejection } from './outage.ts'
import { isObject, parseJson, type JsonObject } from './json.ts'
import { placesOf } from './places.ts'
import { post, TooLarge, type Answer, type Place } from './http.ts'
import type { Settings } from './options.ts'

/** What is asked for. */
export interface Question {
  /** `kv/range`. */
  readonly path: string
  readonly body: JsonObject
  /** For messages. */
  readonly subject: string
  /** Bytes of the answer. */
  readonly longest: number
}

const NOT_ENABLED = 9

/** A cluster: several members that know the same. */
export class Cluster {
  readonly #places: readonly Place[]
  readonly #credentials: { readonly name: string; readonly password: string } | null
  /** The member that is asked first: the one that answered last. */
  #first = 0
  #token: string | null = null

  private constructor({ username, password }: Settings, places: readonly Place[]) {
    this.#places = places
    this.#credentials = username === undefined ? null : { name: username, password: password! }
  }

  /** Rejects with an `Outage` when a file of `tls` cannot be read. */
  static async open(settings: Settings): Promise<Cluster> {
    return new Cluster(settings, await placesOf(settings))
  }

  /** The member that answered last. */
  get current(): Place {
    return this.#places[this.#first]!
  }

  /** What goes into `Authorization`, or `null`. */
  get token(): string | null {
    return this.#token
  }

  /** Begins with another member from now on, and with another token. */
  turn(): void {
    this.#first = (this.#first + 1) % this.#places.length
    this.#token = null
  }

  /** Asks one member after another. Rejects with an `Outage` when none answers. */
  async ask(question: Question, signal: AbortSignal): Promise<JsonObject> {
    const failures: Outage[] = []
    for (let i = 0; i < this.#places.length; i++) {
      const index = (this.#first + i) % this.#places.length
      try {
        const answer = await this.#askMember(this.#places[index]!, question, signal)
        this.#first = index
        return answer
      } catch (thrown) {
        if (!(thrown instanceof Outage) || thrown instanceof Refusal || thrown instanceof TooLarge) throw thrown
        failures.push(thrown)
      }
    }
    if (failures.length === 1) throw failures[0]!
    throw new Outage(`None of the ${failures.length} endpoints can be asked: ${failures.map(({ message }) => message).join(' ')}`)
  }

  async #askMember(place: Place, question: Question, signal: AbortSignal): Promise<JsonObject> {
    const before = this.#token
    if (before === null) await this.#authenticate(place, signal)
    const answer = await this.#post(place, question, signal)
    if (!('rejection' in answer)) return answer.value
    if (before === null || !isStaleToken(answer.rejection)) throw this.#refusal(place, answer.rejection, question)
    this.#token = null
    return this.#askMember(place, question, signal)
  }

  async #authenticate(place: Place, signal: AbortSignal): Promise<void> {
    if (this.#credentials === null) return
    const question = { path: 'auth/authenticate', body: this.#credentials, subject: 'a token', longest: 65_536 }
    const answer = await this.#post(place, question, signal)
    if ('rejection' in answer) {
      // Credentials that nobody asks for do no harm; a cluster may get its users later than the gateway.
      if (answer.rejection.code === NOT_ENABLED) return
      throw this.#refusal(place, answer.rejection, question)
    }
    const { token } = answer.value
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw new Outage(`etcd at ${place.origin} gave no token for the credentials.`)
    this.#token = token
  }

  #refusal({ origin }: Place, rejection: Rejection, { subject }: Question): Outage {
    return refusalOf(origin, rejection, { subject, isAnonymous: this.#credentials === null })
  }

  async #post(place: Place, { path, body, longest }: Question, signal: AbortSignal): Promise<Said> {
    const posting = { path: `/v3/${path}`, body: JSON.stringify(body), token: this.#token, signal }
    return saidIn(await post(place, posting, longest), place.origin)
  }
}

type Said = { readonly value: JsonObject } | { readonly rejection: Rejection }

function saidIn({ status, text }: Answer, origin: string): Said {
  const value = parseJson(text)
  if (status === 200 && isObject(value)) return { value }
  if (isObject(value) && typeof value['code'] === 'number')
    return { rejection: { code: value['code'], message: String(value['message'] ?? value['error']) } }
  const said = clean(text)
  if (said.startsWith('CommonName of client'))
    throw new Refusal(`etcd at ${origin} takes no user from certificates here ("${said}"): give one without a common name in tls.cert.`)
  throw new Outage(`${origin} answered ${status}${said === '' ? '' : ` ("${said}")`}: is this etcd 3.4 or newer?`)
}
