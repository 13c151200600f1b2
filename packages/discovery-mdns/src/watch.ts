import { answersIn, queryOf } from './message.ts'
import { inOrder, News } from '@octopus-gateway/discovery-support'
import { instanceOf } from './instance.ts'
import { Network } from './network.ts'
import { Seen } from './seen.ts'
import type { Logger, ServiceInstance, ServiceSet } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** Between two questions for the same thing: hosts do not answer more often (RFC 6762, 6). Milliseconds. */
const SHORTEST_PAUSE = 1_000
const MOST_QUESTIONS = 60
/** How often in a row what is missing is asked for; then not before the next browse. */
const MOST_TRIES = 3
/** So often within the life of the shortest record everybody is asked: three browses are missed before it is over. */
const BROWSES_PER_TERM = 4
const JITTER = 0.1

/** Browses the network, again and again, and follows what it says meanwhile. Throws an `Outage` when it cannot be used. */
export async function* watchNetwork(settings: Settings, signal: AbortSignal, log: Logger): AsyncGenerator<ServiceSet> {
  const parents = settings.serviceTypes.map((type) => `${type}.${settings.domain}`)
  const browse = queryOf(parents.map((name) => ({ name, type: 'PTR' })))
  const seen = new Seen(parents)
  const news = new News()
  using network = new Network(settings.interface, (packet) => {
    const answers = answersIn(packet)
    if (answers === undefined) return
    seen.hear(answers, performance.now())
    news.touch()
  })
  const begun = performance.now()
  const asking = { browsedAt: begun, browseAt: begun, pause: SHORTEST_PAUSE, resolveAt: begun, tries: 0 }
  let shown: number | undefined
  let hasWarned = false
  while (!signal.aborted) {
    const now = performance.now()
    if (now >= asking.browseAt) {
      seen.browse(now)
      asking.browsedAt = now
      await network.send(browse)
      const pause = Math.max(SHORTEST_PAUSE, Math.min(asking.pause, seen.shortestTerm / BROWSES_PER_TERM))
      asking.browseAt = now + pause * (1 + JITTER * Math.random())
      asking.pause = Math.min(asking.pause * 2, settings.interval)
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
    if (seen.isFull && !hasWarned) {
      log.warn('the network announces more instances than are kept', { provider: 'mdns' })
      hasWarned = true
    }
    const isGathered = now >= begun + settings.browseTime
    if (isGathered && shown !== seen.version) {
      shown = seen.version
      yield setOf(seen, settings, network)
      continue
    }
    const next = Math.min(asking.browseAt, seen.nextEnd, isGathered ? Infinity : begun + settings.browseTime, resolveAt(asking))
    await news.next(signal, Math.max(next - performance.now(), 0))
  }
}

function resolveAt({ resolveAt: at, tries }: { readonly resolveAt: number; readonly tries: number }): number {
  return tries > 0 && tries < MOST_TRIES ? at : Infinity
}

/** Of two entries with one id the older one counts: who comes later takes nobody's place. */
function setOf(seen: Seen, { serviceTypes, allowedServices }: Settings, network: Network): ServiceSet {
  const all = new Map<string, ServiceInstance>()
  for (const entry of seen.entries) {
    const addresses = entry.place === undefined ? [] : seen.addresses(entry.place.target)
    const instance = instanceOf(
      entry,
      serviceTypes[entry.type]!,
      addresses.filter((address) => network.isNear(address)),
    )
    if (instance === undefined || all.has(instance.id)) continue
    if (allowedServices?.includes(instance.service) === false) continue
    all.set(instance.id, instance)
  }
  return inOrder(all.values())
}
