import { clean, HttpClient, isObject, Members, Outage, parseJson } from '@octopus-gateway/discovery-support'
import { Refusal, remediesOf, tlsContext, type Answer, type JsonObject, type Times } from '@octopus-gateway/discovery-support'
import { isStaleToken, refusalOf, type Rejection } from './rejection.ts'
import type { Settings } from './options.ts'

/** What is asked for. */
export interface Question {
  /** `kv/range`. */
  readonly path: string
  /** Several are written one after the other. */
  readonly body: JsonObject | readonly JsonObject[]
  /** For messages. */
  readonly subject: string
  /** Bytes of the answer. */
  readonly longest: number
}

/** Until an answer is there, or a stream has begun. Milliseconds. */
const ANSWER = 5_000
const ANSWERS: Times = { head: ANSWER, body: ANSWER }
/** etcd says every ten minutes or so that nothing has changed. Milliseconds. */
const STREAMS: Times = { head: ANSWER, body: Infinity, silence: 25 * 60_000 }
/** Bytes of an answer that holds nothing but a token or a reason. */
const LONGEST_WORD = 65_536
const NOT_ENABLED = 9

const REMEDIES = remediesOf({
  address: 'endpoints',
  server: 'etcd',
  plain: 'write http:// in endpoints',
  secure: 'write https:// in endpoints',
})

/** A cluster: several members that know the same. */
export class Cluster {
  readonly #members: Members<HttpClient>
  readonly #credentials: { readonly name: string; readonly password: string } | null
  #token: string | null = null

  private constructor({ username, password }: Settings, members: readonly HttpClient[]) {
    this.#members = new Members(members)
    this.#credentials = username === undefined ? null : { name: username, password: password! }
  }

  /** Rejects with an `Outage` when a file of `tls` cannot be read. */
  static async open(settings: Settings): Promise<Cluster> {
    const tls = await tlsContext(settings.tls)
    const members = settings.endpoints.map((origin) => {
      const place = { name: `etcd at ${origin}`, origin, tls: origin.startsWith('https:') ? tls : null, remedies: REMEDIES }
      return new HttpClient(place, { keepAlive: false })
    })
    return new Cluster(settings, members)
  }

  /** `etcd at http://127.0.0.1:2379`: the member that answered last. */
  get name(): string {
    return this.#members.current.place.name
  }

  /** Begins with another member from now on, and with another token. */
  turn(): void {
    this.#members.turn()
    this.#token = null
  }

  /** Asks one member after another. Rejects with an `Outage` when none answers. */
  ask(question: Question, signal: AbortSignal): Promise<JsonObject> {
    return this.#members.ask((member) => this.#askMember(member, question, signal))
  }

  /** The lines that the member which answered last writes from now on, each at most `longest` bytes. Throws an `Outage` when it breaks off. */
  async *stream({ path, body, longest }: Pick<Question, 'path' | 'body' | 'longest'>, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await this.#post(this.#members.current, { path, body, times: STREAMS }, signal)
    if (answer.status !== 200) throw strange(this.name, answer.status, await answer.text(LONGEST_WORD))
    yield* answer.lines(longest)
  }

  async #askMember(member: HttpClient, question: Question, signal: AbortSignal): Promise<JsonObject> {
    const before = this.#token
    if (before === null) await this.#authenticate(member, signal)
    const said = await this.#say(member, question, signal)
    if ('value' in said) return said.value
    if (before === null || !isStaleToken(said.rejection)) throw this.#refusal(member, said.rejection, question)
    this.#token = null
    return this.#askMember(member, question, signal)
  }

  async #authenticate(member: HttpClient, signal: AbortSignal): Promise<void> {
    if (this.#credentials === null) return
    const question = { path: 'auth/authenticate', body: this.#credentials, subject: 'a token', longest: LONGEST_WORD }
    const said = await this.#say(member, question, signal)
    if ('rejection' in said) {
      // Credentials that nobody asks for do no harm; a cluster may get its users later than the gateway.
      if (said.rejection.code === NOT_ENABLED) return
      throw this.#refusal(member, said.rejection, question)
    }
    const { token } = said.value
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw new Outage(`${member.place.name} gave no token for the credentials.`)
    this.#token = token
  }

  #refusal({ place }: HttpClient, rejection: Rejection, { subject }: Question): Outage {
    return refusalOf(place.name, rejection, { subject, isAnonymous: this.#credentials === null })
  }

  async #say(member: HttpClient, { path, body, longest }: Question, signal: AbortSignal): Promise<Said> {
    const answer = await this.#post(member, { path, body, times: ANSWERS }, signal)
    return saidIn(member.place.name, answer.status, await answer.text(longest))
  }

  #post(member: HttpClient, { path, body, times }: Asking, signal: AbortSignal): Promise<Answer> {
    const headers = {
      // A member that has lost the others ends its streams instead of telling nothing for ever.
      'grpc-metadata-hasleader': 'true',
      ...(this.#token === null ? {} : { authorization: this.#token }),
    }
    const texts = [body].flat().map((one) => JSON.stringify(one))
    return member.ask({ method: 'POST', path: `/v3/${path}`, headers, body: texts.join('\n'), times, signal })
  }
}

type Asking = Pick<Question, 'path' | 'body'> & { readonly times: Times }
type Said = { readonly value: JsonObject } | { readonly rejection: Rejection }

function saidIn(name: string, status: number, text: string): Said {
  const value = parseJson(text)
  if (status === 200 && isObject(value)) return { value }
  if (isObject(value) && typeof value['code'] === 'number')
    return { rejection: { code: value['code'], message: String(value['message'] ?? value['error']) } }
  throw strange(name, status, text)
}

/** What is said of an answer that etcd does not give. */
function strange(name: string, status: number, text: string): Outage {
  const said = clean(text)
  if (said.startsWith('CommonName of client'))
    return new Refusal(`${name} takes no user from certificates here ("${said}"): give one without a common name in tls.cert.`)
  return new Outage(`${name} answered ${status}${said === '' ? '' : ` ("${said}")`}: is this etcd 3.4 or newer?`)
}
