import { Cluster } from './cluster.ts'
import { changesAfter, Compacted, type Change } from './changes.ts'
import { News, Outage, Pauses, scopeOf } from '@octopus-gateway/discovery-support'
import { outermost } from './keys.ts'
import { readAll } from './range.ts'
import { Registry } from './registry.ts'
import type { Logger, ServiceSet } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** A stream that lasted so long worked. Milliseconds. */
const LASTING_MS = 5_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

/** Reads everything, then follows the changes; when that is over, begins anew. Throws an `Outage` when no member can be read. */
export async function* watchInstances(settings: Settings, signal: AbortSignal, log: Logger): AsyncGenerator<ServiceSet> {
  try {
    const cluster = await Cluster.open(settings)
    const prefixes = outermost(settings.prefixes)
    const told = new Set<string>()
    const pauses = new Pauses(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)
    while (!signal.aborted) {
      const registry = new Registry(settings.prefixes, log, told)
      const revision = await readAll(cluster, prefixes, { signal, found: (pair) => void registry.put(pair) })
      yield registry.instances()
      const begun = performance.now()
      const reason = yield* updates(registry, (ended) => changesAfter(revision, prefixes, { cluster, signal: ended }), signal)
      if (signal.aborted) return
      // A stream that never lasts, through a proxy perhaps, must not make a loop without pauses.
      const lasted = performance.now() - begun >= LASTING_MS
      if (lasted) pauses.reset()
      if (reason instanceof Compacted) continue
      log.debug('the stream of changes has ended; all is read anew', { provider: 'etcd', reason: reason.message })
      if (pauses.areLongest) log.warn('changes come late: streams from etcd do not last', { provider: 'etcd', reason: reason.message })
      cluster.turn()
      if (!lasted) await pauses.take(signal)
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

/** Yields a set for each burst of changes. Returns why they ended. */
async function* updates(
  registry: Registry,
  changes: (signal: AbortSignal) => AsyncGenerator<readonly Change[], never>,
  signal: AbortSignal,
): AsyncGenerator<ServiceSet, Outage> {
  const news = new News()
  using scope = scopeOf(signal)
  const apply = async (): Promise<void> => {
    for await (const found of changes(scope.signal)) if (registry.apply(found)) news.touch()
  }
  apply().catch((reason: unknown) => news.fail(reason))
  try {
    for (;;) {
      await news.next(signal)
      signal.throwIfAborted()
      yield registry.instances()
    }
  } catch (thrown) {
    if (thrown instanceof Outage) return thrown
    throw thrown
  }
}
