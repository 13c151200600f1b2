import { instanceLabel, keyOf } from './names.ts'
import { mergedPairs, pairsOf } from './text.ts'
import type { Answer, Question } from './message.ts'

/** More instances are not kept: anybody in the network can make some up. */
const MOST_INSTANCES = 1_000
const MOST_ADDRESSES = 16
/** Browses in a row without an answer after which an instance is gone. */
const MOST_MISSED = 3
/** What is said to be over is over after this: another host may still have it (RFC 6762, 10.1). What is as young stays beside what is new (10.2). Milliseconds. */
const GRACE = 1_000

/** An instance of DNS-SD, as far as it is known. */
export interface Entry {
  /** Its whole name. */
  readonly name: string
  readonly label: string
  /** Which of the browsed types it belongs to. */
  readonly type: number
  /** What its TXT records have said so far. */
  readonly pairs: ReadonlyMap<string, string> | undefined
  readonly place: Place | undefined
}

interface Place {
  readonly target: string
  readonly port: number
}

/** Something that was heard, and for how long it is so. */
interface Term {
  heardAt: number
  until: number
}

interface Known extends Entry {
  pairs: ReadonlyMap<string, string> | undefined
  place: Place | undefined
  readonly listed: Term
  readonly described: Term
  readonly placed: Term
  missed: number
  /** When it was said to be over, as long as nobody has answered for it since. */
  leftAt: number | undefined
  /** How often something of it was asked for. */
  asked: number
}

type Heard<T extends Answer['type']> = Extract<Answer, { readonly type: T }>

const ORDER: readonly Answer['type'][] = ['PTR', 'SRV', 'TXT', 'A', 'AAAA']

/** What the network has said, for as long as that is so. Times are milliseconds of one clock. */
export class Seen {
  readonly #types: ReadonlyMap<string, number>
  readonly #entries = new Map<string, Known>()
  readonly #hosts = new Map<string, Map<string, Term>>()
  #browsedAt = 0
  /** Counts what may make a difference to whoever reads. */
  version = 0
  /** Whether there were more instances than are kept. */
  isFull = false

  /** `parents` are types with their domain: `_farp._tcp.local`. */
  constructor(parents: readonly string[]) {
    this.#types = new Map(parents.map((parent, index) => [keyOf(parent), index]))
  }

  /** Oldest first. */
  get entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  addresses(host: string): string[] {
    return [...(this.#hosts.get(keyOf(host))?.keys() ?? [])].sort()
  }

  /** Takes what a responder says. What belongs to nobody who was asked for is left out. */
  hear(answers: readonly Answer[], now: number): void {
    for (const answer of answers.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))) {
      if (answer.type === 'PTR') this.#hearListed(answer, now)
      else if (answer.type === 'SRV') this.#hearPlaced(answer, now)
      else if (answer.type === 'TXT') this.#hearDescribed(answer, now)
      else this.#hearAddress(answer, now)
    }
  }

  #hearListed({ name, target, ttl }: Heard<'PTR'>, now: number): void {
    const type = this.#types.get(keyOf(name))
    const label = type === undefined ? undefined : instanceLabel(target, name)
    if (type === undefined || label === undefined) return
    const known = this.#entries.get(keyOf(target))
    if (known !== undefined) {
      if (ttl === 0) return part(known, now)
      stay(known.listed, ttl, now)
      // Answers wait for up to a second, and some are sent after the goodbye that makes them wrong: only a later question tells.
      const isDoubtful = known.leftAt !== undefined && this.#browsedAt <= known.leftAt + GRACE
      known.missed = isDoubtful ? MOST_MISSED - 1 : 0
      if (!isDoubtful) known.leftAt = undefined
      return
    }
    if (ttl === 0) return
    this.isFull = this.#entries.size >= MOST_INSTANCES
    if (this.isFull) return
    const entry: Known = {
      name: target,
      label,
      type,
      pairs: undefined,
      place: undefined,
      missed: 0,
      leftAt: undefined,
      asked: 0,
      listed: { heardAt: now, until: now + ttl * 1000 },
      described: { heardAt: 0, until: 0 },
      placed: { heardAt: 0, until: 0 },
    }
    this.#entries.set(keyOf(target), entry)
    this.version += 1
  }

  #hearPlaced({ name, target, port, ttl }: Heard<'SRV'>, now: number): void {
    const entry = this.#entries.get(keyOf(name))
    if (entry === undefined) return
    if (ttl === 0) return part(entry, now)
    stay(entry.placed, ttl, now)
    if (entry.place?.target === target && entry.place.port === port) return
    entry.place = { target, port }
    this.version += 1
  }

  #hearDescribed({ name, strings, ttl }: Heard<'TXT'>, now: number): void {
    const entry = this.#entries.get(keyOf(name))
    if (entry === undefined || ttl === 0) return
    stay(entry.described, ttl, now)
    const before = entry.pairs
    entry.pairs = before === undefined ? pairsOf(strings) : mergedPairs(before, pairsOf(strings))
    if (entry.pairs !== before) this.version += 1
  }

  #hearAddress({ name, type, address, ttl, isWhole }: Heard<'A' | 'AAAA'>, now: number): void {
    const key = keyOf(name)
    const hosts = this.#hosts
    if (!this.#isTarget(key)) return
    const known = hosts.get(key) ?? new Map<string, Term>()
    const term = known.get(address)
    if (ttl === 0) return term === undefined ? undefined : leave(term, now)
    if (isWhole) {
      for (const [other, { heardAt }] of known) {
        if (other === address || other.includes(':') !== (type === 'AAAA') || heardAt >= now - GRACE) continue
        known.delete(other)
        this.version += 1
      }
    }
    if (term !== undefined) return stay(term, ttl, now)
    if (known.size >= MOST_ADDRESSES) return
    hosts.set(key, known.set(address, { heardAt: now, until: now + ttl * 1000 }))
    this.version += 1
  }

  #isTarget(key: string): boolean {
    for (const { place } of this.#entries.values()) if (place !== undefined && keyOf(place.target) === key) return true
    return false
  }

  /** Whether somebody who was said to be gone was heard nevertheless. */
  isInDoubt(now: number): boolean {
    for (const { leftAt, listed } of this.#entries.values()) if (leftAt !== undefined && listed.until > now + GRACE) return true
    return false
  }

  /** Everybody is asked now: who has not answered since the last time is missed. */
  browse(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.listed.heardAt < this.#browsedAt) entry.missed += 1
      if (entry.missed >= MOST_MISSED) this.#remove(key)
    }
    this.#browsedAt = now
  }

  /** Lets go what is over. */
  expire(now: number): void {
    for (const [key, entry] of this.#entries) if (entry.listed.until <= now) this.#remove(key)
    for (const entry of this.#entries.values()) {
      if (entry.place === undefined || entry.placed.until > now) continue
      entry.place = undefined
      this.version += 1
    }
    for (const [key, known] of this.#hosts) {
      for (const [address, { until }] of known) {
        if (until > now) continue
        known.delete(address)
        this.version += 1
      }
      if (known.size === 0 || !this.#isTarget(key)) this.#hosts.delete(key)
    }
  }

  #remove(key: string): void {
    this.#entries.delete(key)
    this.version += 1
  }

  /** What is not known, or known for more than half of its time; what was asked for least comes first. */
  questions(now: number, most: number): Question[] {
    const isDue = ({ heardAt, until }: Term): boolean => now - heardAt > until - now
    const staying = [...this.#entries.values()].filter(({ listed }) => listed.until > now + GRACE)
    const due = staying.flatMap((entry) => {
      const host = entry.place === undefined ? undefined : this.#hosts.get(keyOf(entry.place.target))
      const hasAddress = host !== undefined && [...host.values()].some((term) => !isDue(term))
      const asked: Question[] = [
        ...(isDue(entry.placed) ? [{ name: entry.name, type: 'SRV' } as const] : []),
        ...(isDue(entry.described) ? [{ name: entry.name, type: 'TXT' } as const] : []),
        ...(entry.place === undefined || hasAddress ? [] : (['A', 'AAAA'] as const).map((type) => ({ name: entry.place!.target, type }))),
      ]
      return asked.length === 0 ? [] : [{ entry, asked }]
    })
    const questions = new Map<string, Question>()
    for (const { entry, asked } of due.sort((a, b) => a.entry.asked - b.entry.asked)) {
      if (questions.size + asked.length > most) break
      entry.asked += 1
      for (const question of asked) questions.set(`${question.type} ${keyOf(question.name)}`, question)
    }
    return [...questions.values()]
  }

  /** When the first thing is over. `Infinity` when there is nothing. */
  get nextEnd(): number {
    let next = Infinity
    for (const { listed, place, placed } of this.#entries.values())
      next = Math.min(next, listed.until, place === undefined ? Infinity : placed.until)
    for (const known of this.#hosts.values()) for (const { until } of known.values()) next = Math.min(next, until)
    return next
  }

  /** The shortest time for which something was said. Milliseconds, `Infinity` when there is nothing. */
  get shortestTerm(): number {
    let shortest = Infinity
    const look = ({ heardAt, until }: Term): void => void (shortest = Math.min(shortest, until - heardAt))
    for (const { listed, place, placed } of this.#entries.values()) {
      look(listed)
      if (place !== undefined) look(placed)
    }
    for (const known of this.#hosts.values()) for (const term of known.values()) look(term)
    return shortest
  }
}

function stay(term: Term, ttl: number, now: number): void {
  term.heardAt = now
  term.until = now + ttl * 1000
}

function part(entry: Known, now: number): void {
  leave(entry.listed, now)
  entry.leftAt = now
}

function leave(term: Term, now: number): void {
  term.until = Math.min(term.until, now + GRACE)
}
