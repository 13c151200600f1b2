import { ending, GRACE, isDue, termOf, type Term } from './terms.ts'
import { Hosts } from './hosts.ts'
import { instanceLabel, keyOf } from './names.ts'
import type { Answer, Heard, Question } from './message.ts'

/** More instances are not kept: anybody in the network can make some up. */
const MOST_INSTANCES = 1_000
/** Browses in a row without an answer after which an instance is gone. */
const MOST_MISSED = 3

/** Makes something of the strings of a TXT record, told what was made of those before: the same thing where they say nothing new. */
export type ReadText<T> = (strings: readonly string[], before: T | undefined) => T

/** An instance of DNS-SD, as far as it is known. */
export interface Entry<T> {
  /** Its whole name. */
  readonly name: string
  readonly label: string
  /** As it is browsed. */
  readonly type: string
  /** What its TXT records have said so far. */
  readonly text: T | undefined
  readonly place: Place | undefined
}

interface Place {
  readonly target: string
  readonly port: number
}

interface Known<T> extends Entry<T> {
  text: T | undefined
  place: (Place & Term) | undefined
  /** With the zone of the link on which it was heard last. */
  listed: Term & { readonly zone: string }
  /** Of the text. */
  described: Term | undefined
  /** Browses in a row that it has not answered. */
  missed: number
  /** When it was said to be over, as long as nobody has answered for it since. */
  leftAt: number | undefined
  /** How often something of it was asked for. */
  asked: number
}

/** Bytes of the questions of one packet: more than one frame of Ethernet can be lost in parts, and more than 9,000 nobody has to take (RFC 6762, 17). */
const MOST_BYTES = 1_400
/** Of a question beside its name: the ends of the name, type and class. */
const QUESTION_BYTES = 6

const NEVER = -Infinity

/** What the network has said, for as long as that is so. Times are milliseconds of one clock. */
export class Seen<T> {
  /** The types that are browsed, with their domain: `_farp._tcp.local`. */
  readonly parents: readonly string[]
  readonly #types: ReadonlyMap<string, string>
  readonly #read: ReadText<T>
  readonly #entries = new Map<string, Known<T>>()
  readonly #hosts = new Hosts()
  /** The last time since the network can be asked. */
  #browsedAt = NEVER
  /** Counts what may make a difference to whoever reads. */
  version = 0
  /** Whether there were more instances than are kept. */
  isFull = false

  constructor(types: readonly string[], domain: string, read: ReadText<T>) {
    this.parents = types.map((type) => `${type}.${domain}`)
    this.#types = new Map(types.map((type, index) => [keyOf(this.parents[index]!), type]))
    this.#read = read
  }

  /** Oldest first. */
  get entries(): Iterable<Entry<T>> {
    return this.#entries.values()
  }

  /** In a fixed order, those that are near where they were heard; link-local IPv6 ones name that zone. */
  addresses(host: string, isNear: (address: string, zone: string) => boolean): string[] {
    return this.#hosts.addresses(host).flatMap(([address, zone]) => (isNear(address, zone) ? address : []))
  }

  /** Takes what a responder on the link with this zone says. What belongs to nobody who was asked for is left out. Instances come first, then hosts, in whatever order that was said. */
  hear(answers: readonly Answer[], zone: string, now: number): void {
    for (const answer of answers) if (answer.type === 'PTR') this.#hearListed(answer, zone, now)
    for (const answer of answers) if (answer.type === 'SRV') this.#hearPlaced(answer, now)
    for (const answer of answers) {
      if (answer.type === 'TXT') this.#hearDescribed(answer, now)
      else if ((answer.type === 'A' || answer.type === 'AAAA') && this.#hosts.hear(answer, zone, now)) this.version += 1
    }
  }

  #hearListed({ name, target, ttl }: Heard<'PTR'>, zone: string, now: number): void {
    const type = this.#types.get(keyOf(name))
    const label = type === undefined ? undefined : instanceLabel(target, name)
    if (type === undefined || label === undefined) return
    const known = this.#entries.get(keyOf(target))
    if (known !== undefined) return ttl === 0 ? part(known, now) : this.#hearAgain(known, { ...termOf(ttl, now), zone })
    if (ttl === 0) return
    this.isFull = this.#entries.size >= MOST_INSTANCES
    if (this.isFull) return
    const unknown = { text: undefined, described: undefined, place: undefined, leftAt: undefined }
    this.#entries.set(keyOf(target), { name: target, label, type, listed: { ...termOf(ttl, now), zone }, ...unknown, missed: 0, asked: 0 })
    this.version += 1
  }

  #hearAgain(known: Known<T>, listed: Known<T>['listed']): void {
    known.listed = listed
    // Answers wait for up to a second, and some are sent after the goodbye that makes them wrong: only a later question tells.
    const isDoubtful = known.leftAt !== undefined && this.#browsedAt <= known.leftAt + GRACE
    known.missed = isDoubtful ? MOST_MISSED - 1 : 0
    if (!isDoubtful) known.leftAt = undefined
  }

  #hearPlaced({ name, target, port, ttl }: Heard<'SRV'>, now: number): void {
    const entry = this.#entries.get(keyOf(name))
    if (entry === undefined) return
    if (ttl === 0) return part(entry, now)
    const place = { target, port, ...termOf(ttl, now) }
    if (entry.place?.target === target && entry.place.port === port) entry.place = place
    else this.#move(entry, place)
  }

  #hearDescribed({ name, strings, ttl }: Heard<'TXT'>, now: number): void {
    const entry = this.#entries.get(keyOf(name))
    if (entry === undefined || ttl === 0) return
    entry.described = termOf(ttl, now)
    const before = entry.text
    entry.text = this.#read(strings, before)
    if (entry.text !== before) this.version += 1
  }

  #move(entry: Known<T>, place: Known<T>['place']): void {
    // In this order, so that a host that stays is not forgotten in between.
    if (place !== undefined) this.#hosts.enter(place.target)
    if (entry.place !== undefined) this.#hosts.exit(entry.place.target)
    entry.place = place
    this.version += 1
  }

  #remove(key: string, entry: Known<T>): void {
    this.#move(entry, undefined)
    this.#entries.delete(key)
  }

  /** Whether somebody who was said to be gone was heard nevertheless. */
  isInDoubt(now: number): boolean {
    for (const { leftAt, listed } of this.#entries.values()) if (leftAt !== undefined && listed.until > now + GRACE) return true
    return false
  }

  /** The network can be asked again: what was missed before does not count. A goodbye does. */
  resume(): void {
    for (const entry of this.#entries.values()) if (entry.leftAt === undefined) entry.missed = 0
    this.#browsedAt = NEVER
  }

  /** Everybody is asked now: who has not answered since the last time, and could, is missed. */
  browse(now: number, isAway: (zone: string) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (entry.listed.heardAt < this.#browsedAt && !isAway(entry.listed.zone)) entry.missed += 1
      if (entry.missed >= MOST_MISSED) this.#remove(key, entry)
    }
    this.#browsedAt = now
  }

  /** Lets go what is over. */
  expire(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.listed.until <= now) this.#remove(key, entry)
      else if (entry.place !== undefined && entry.place.until <= now) this.#move(entry, undefined)
    }
    if (this.#hosts.expire(now)) this.version += 1
  }

  /** What is not known, or known for more than half of its time; what was asked for least comes first. */
  questions(now: number, most: number): Question[] {
    const staying = [...this.#entries.values()].filter(({ listed }) => listed.until > now + GRACE)
    const due = staying.map((entry) => ({ entry, asked: this.#questionsAbout(entry, now) })).filter(({ asked }) => asked.length > 0)
    const questions = new Map<string, Question>()
    let size = 0
    for (const { entry, asked } of due.sort((a, b) => a.entry.asked - b.entry.asked)) {
      size += asked.reduce((sum, { name }) => sum + Buffer.byteLength(name) + QUESTION_BYTES, 0)
      if (questions.size > 0 && (questions.size + asked.length > most || size > MOST_BYTES)) break
      entry.asked += 1
      for (const question of asked) questions.set(`${question.type} ${keyOf(question.name)}`, question)
    }
    return [...questions.values()]
  }

  #questionsAbout({ name, place, described }: Known<T>, now: number): Question[] {
    const isHostKnown = place === undefined || this.#hosts.isKnown(place.target, now)
    return [
      ...(isDue(place, now) ? [{ name, type: 'SRV' } as const] : []),
      ...(isDue(described, now) ? [{ name, type: 'TXT' } as const] : []),
      ...(isHostKnown ? [] : (['A', 'AAAA'] as const).map((type) => ({ name: place.target, type }))),
    ]
  }

  /** When the first thing is over. `Infinity` when there is nothing. */
  get nextEnd(): number {
    let next = Infinity
    for (const { until } of this.#terms()) next = Math.min(next, until)
    return next
  }

  /** The shortest time for which something was said. Milliseconds, `Infinity` when there is nothing. */
  get shortestTerm(): number {
    let shortest = Infinity
    for (const { heardAt, until } of this.#terms()) shortest = Math.min(shortest, until - heardAt)
    return shortest
  }

  *#terms(): Generator<Term> {
    for (const { listed, place } of this.#entries.values()) {
      yield listed
      if (place !== undefined) yield place
    }
    yield* this.#hosts.terms()
  }
}

function part(entry: Known<unknown>, now: number): void {
  entry.listed = ending(entry.listed, now)
  entry.leftAt = now
}
