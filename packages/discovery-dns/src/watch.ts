import { Absences } from './absences.ts'
import { around, inOrder, Outage, Places, scopeOf } from '@octopus-gateway/discovery-support'
import { NameResolver } from './resolver.ts'
import { Round, type Found } from './look-up.ts'
import { sleep } from '@octopus-gateway/core'
import type { Logger, ServiceSet } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** Names that are looked up side by side. */
const SIDE_BY_SIDE = 16
/** Not more often than this is asked because of what records say; an interval may be shorter. Milliseconds. */
const SHORTEST_TTL_MS = 1_000
/** Metadata that is not there is asked for every so many rounds, and at least once a minute. */
const ABSENT_ROUNDS = 5
const LONGEST_ABSENCE_MS = 60_000

/** What is remembered of names, also through an outage of all of them. */
export interface Memory {
  /** The last good answers. */
  readonly found: Map<string, Found>
  /** Why there are no newer ones. */
  readonly failing: Map<string, string>
}

/**
 * Looks all names up, again and again. A name that nothing can be said of keeps its last good answer while others change. Throws an `Outage` when
 * that is so for all of them, and when there is none to keep.
 */
export async function* watchNames(settings: Settings, memory: Memory, signal: AbortSignal, log: Logger): AsyncGenerator<ServiceSet> {
  using scope = scopeOf(signal)
  const resolver = new NameResolver(settings.servers, scope.signal)
  const absences = new Absences(Math.min(settings.interval * (ABSENT_ROUNDS - 0.5), LONGEST_ABSENCE_MS))
  while (!signal.aborted) {
    const failed = await lookUpAll(settings, { round: new Round(resolver, absences), memory })
    if (signal.aborted) return
    report(failed, memory.failing, log)
    const hopeless = [...failed].find(([key]) => failed.size === settings.names.length || !memory.found.has(key))
    if (hopeless !== undefined) throw hopeless[1]
    const found = settings.names.map((entry) => memory.found.get(keyOf(entry))!)
    // Two names may lead to one instance of a service.
    yield inOrder(found.flatMap(({ instances }) => instances))
    const ttl = Math.max(Math.min(...found.map((one) => one.ttl)), SHORTEST_TTL_MS)
    await sleep(around(Math.min(settings.interval, ttl)), signal)
  }
}

const keyOf = (entry: Settings['names'][number]): string => JSON.stringify([entry.type, entry.name, entry.service, entry.port])

/** Gives the names that failed, with their reasons. */
async function lookUpAll(
  { names }: Settings,
  { round, memory }: { readonly round: Round; readonly memory: Memory },
): Promise<ReadonlyMap<string, Outage>> {
  const failed = new Map<string, Outage>()
  const places = new Places(SIDE_BY_SIDE)
  const lookUp = async (entry: Settings['names'][number]): Promise<void> => {
    using _ = await places.take()
    const key = keyOf(entry)
    try {
      memory.found.set(key, await round.lookUp(entry))
    } catch (thrown) {
      if (!(thrown instanceof Outage)) throw thrown
      failed.set(key, thrown)
    }
  }
  await Promise.all(names.map(lookUp))
  return failed
}

/** Says when a name begins to fail, and when it is back. */
function report(failed: ReadonlyMap<string, Outage>, failing: Map<string, string>, log: Logger): void {
  for (const [key, { message }] of failed) {
    if (failing.get(key) !== message)
      log.warn('a name cannot be looked up; its last instances are kept', { provider: 'dns', reason: message })
    failing.set(key, message)
  }
  for (const key of failing.keys()) {
    if (failed.has(key)) continue
    failing.delete(key)
    log.info('a name can be looked up again', { provider: 'dns', name: (JSON.parse(key) as string[])[1] })
  }
}
