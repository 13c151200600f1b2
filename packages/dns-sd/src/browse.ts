import { allowance } from './allowance.ts'
import { answersIn, queryOf } from './message.ts'
import { Network } from './network.ts'
import { News } from '@octopus-gateway/discovery-support'
import { Seen, type ReadText } from './seen.ts'

/** Between two questions for the same thing: hosts do not answer more often (RFC 6762, 6). Milliseconds. */
const SHORTEST_PAUSE = 1_000
const MOST_QUESTIONS = 60
/** How often in a row what is missing is asked for; then not before the next browse. */
const MOST_TRIES = 3
/** So often within the life of the shortest record everybody is asked: three browses are missed before it is over. */
const BROWSES_PER_TERM = 4
const JITTER = 0.1
/** A thousand instances say what is needed of them within this, over both families. More in a second is not read: it would keep the program from its work. */
const MOST_BYTES = 500_000

/** What is looked for in the local network, and where. Times in milliseconds. */
export interface BrowseOptions<T> {
  /** `_http._tcp`. */
  readonly types: readonly string[]
  /** `local`. */
  readonly domain: string
  /**
   * The only interface that is used: by its name over both families, by one of its addresses over this family alone. Default: every one but loopback that has
   * more than link-local addresses.
   */
  readonly interface?: string | undefined
  /** How often is asked. What is there for a shorter time is asked for earlier. */
  readonly interval: number
  /** For how long answers are gathered before the first set. */
  readonly browseTime: number
  /**
   * Makes something of the strings of an instance's TXT record, told what was made of those before. What it gives is compared by identity: the same
   * thing says that there is nothing new.
   */
  readonly readText: ReadText<T>
}

/** An instance of a service whose host, port and TXT record are known. Nothing of it was checked: anybody in the network may say anything. */
export interface Found<T> {
  /** What stands in front of its type: any text, dots among it. */
  readonly label: string
  /** As in the options. */
  readonly type: string
  readonly host: string
  /** 0 when it takes no part. */
  readonly port: number
  /** Those in networks of the links that are used, in a fixed order. Link-local IPv6 ones have their zone: `fe80::7%eth0`. */
  readonly addresses: readonly string[]
  readonly text: T
}

/**
 * Browses the network over IPv4 and IPv6, again and again, and follows what it says meanwhile: the full set, oldest first, at once and on every change,
 * until `signal` aborts. Throws an `Outage` when there is no way into the network at all; `warn` hears, once each, what is wrong besides.
 */
export type Browse<T> = (signal: AbortSignal, warn: (problem: string) => void) => AsyncGenerator<readonly Found<T>[]>

/** What is needed to go on after an outage. */
interface Kept<T> {
  readonly seen: Seen<T>
  /** When it began, on the clock of `seen`. */
  readonly at: number
}

/**
 * Gives what browses. Called again after an outage it goes on with what was seen before, as if no time had passed: a record is over, and three browses are
 * missed, only in time in which somebody could be asked.
 */
export function browser<T>(options: BrowseOptions<T>): Browse<T> {
  let kept: Kept<T> | undefined
  return async function* (signal, warn) {
    const { seen, at } = kept ?? { seen: new Seen(options.types, options.domain, options.readText), at: 0 }
    // Not for two at a time: hosts answer one of two questions within a second, and what both miss would be counted twice.
    kept = undefined
    const begun = performance.now()
    const clock = (): number => at + performance.now() - begun
    seen.resume()
    try {
      yield* browse(options, { seen, clock, signal, warn })
    } catch (thrown) {
      kept = { seen, at: clock() }
      throw thrown
    }
  }
}

interface Browsing<T> {
  readonly seen: Seen<T>
  readonly clock: () => number
  readonly signal: AbortSignal
  readonly warn: (problem: string) => void
}

async function* browse<T>(options: BrowseOptions<T>, { seen, clock, signal, warn }: Browsing<T>): AsyncGenerator<readonly Found<T>[]> {
  const query = queryOf(seen.parents.map((name) => ({ name, type: 'PTR' })))
  const news = new News()
  const isAllowed = allowance(MOST_BYTES)
  const warnOnce = once(warn)
  using network = new Network(options.interface, {
    heard(packet, zone) {
      const now = clock()
      if (!isAllowed(packet.length, now)) return warnOnce('Multicast DNS: more is said in the network than is read.')
      const answers = answersIn(packet)
      if (answers === undefined) return
      seen.hear(answers, zone, now)
      news.touch()
    },
    failed: warn,
  })
  const begun = clock()
  const gatheredAt = begun + options.browseTime
  const asking = { browsedAt: begun, browseAt: begun, pause: SHORTEST_PAUSE, resolveAt: begun, tries: 0 }
  let shown: number | undefined
  while (!signal.aborted) {
    const now = clock()
    if (now >= asking.browseAt) {
      seen.browse(now, (zone) => network.isAway(zone))
      await network.send(query)
      const pause = Math.max(SHORTEST_PAUSE, Math.min(asking.pause, seen.shortestTerm / BROWSES_PER_TERM))
      asking.browsedAt = now
      asking.browseAt = now + pause * (1 + JITTER * Math.random())
      asking.pause = Math.min(asking.pause * 2, options.interval)
      asking.tries = 0
    }
    if (now >= asking.resolveAt && asking.tries < MOST_TRIES) {
      const questions = seen.questions(now, MOST_QUESTIONS)
      if (questions.length > 0) await network.send(queryOf(questions))
      asking.resolveAt = questions.length > 0 ? now + SHORTEST_PAUSE : now
      asking.tries = questions.length > 0 ? asking.tries + 1 : 0
    }
    seen.expire(now)
    if (seen.isInDoubt(now)) asking.browseAt = Math.min(asking.browseAt, asking.browsedAt + SHORTEST_PAUSE)
    if (seen.isFull) warnOnce('Multicast DNS: the network announces more instances than are kept.')
    const isGathered = now >= gatheredAt
    // What is near changes with the addresses of this machine.
    const version = seen.version + network.version
    if (isGathered && shown !== version) {
      shown = version
      yield found(seen, network)
      continue
    }
    const isResolving = asking.tries > 0 && asking.tries < MOST_TRIES
    const next = Math.min(asking.browseAt, seen.nextEnd, isGathered ? Infinity : gatheredAt, isResolving ? asking.resolveAt : Infinity)
    await news.next(signal, Math.max(next - clock(), 0))
  }
}

function found<T>(seen: Seen<T>, network: Network): Found<T>[] {
  return [...seen.entries].flatMap(({ label, type, place, text }) => {
    if (place === undefined || text === undefined) return []
    const addresses = seen.addresses(place.target, (address, zone) => network.isNear(address, zone))
    return { label, type, host: place.target, port: place.port, addresses, text }
  })
}

function once(warn: (problem: string) => void): (problem: string) => void {
  const told = new Set<string>()
  return (problem) => {
    if (told.has(problem)) return
    told.add(problem)
    warn(problem)
  }
}
