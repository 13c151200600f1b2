import { Bell } from './bell.ts'
import { Cluster } from './cluster.ts'
import { follow } from './changes.ts'
import { Outage } from './outage.ts'
import { outermost } from './keys.ts'
import { readAll } from './range.ts'
import { Registry } from './registry.ts'
import { sleep } from '@octopus-gateway/core'
import type { Logger, ServiceSet } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** What changes in a burst is one set. Milliseconds. */
const SETTLE_MS = 40
/** A stream that lasted so long worked. Milliseconds. */
const LASTING_MS = 5_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/** Reads everything, then follows the changes; when that is over, begins anew. Throws an `Outage` when no member can be read. */
export async function* watchInstances(settings: Settings, signal: AbortSignal, log: Logger): AsyncGenerator<ServiceSet> {
  try {
    const cluster = await Cluster.open(settings)
    const prefixes = outermost(settings.prefixes)
    let pause = FIRST_PAUSE_MS
    while (!signal.aborted) {
      const registry = new Registry(settings.prefixes, log)
      const revision = await readAll(cluster, prefixes, { signal, found: (pair) => void registry.put(pair) })
      yield registry.instances()
      const begun = performance.now()
      const reason = yield* changes({ cluster, prefixes, revision, registry, signal })
      if (signal.aborted) return
      // A stream that never lasts, through a proxy perhaps, must not make a loop without pauses.
      const lasted = performance.now() - begun >= LASTING_MS
      pause = lasted ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS)
      if (reason === null) continue
      log.debug('the stream of changes has ended; all is read anew', { provider: 'etcd', reason: reason.message })
      if (!lasted && pause === LONGEST_PAUSE_MS)
        log.warn('changes come late: streams from etcd do not last', { provider: 'etcd', reason: reason.message })
      cluster.turn()
      if (!lasted) await sleep(pause, signal)
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

interface Watching {
  readonly cluster: Cluster
  readonly prefixes: readonly string[]
  readonly revision: number
  readonly registry: Registry
  readonly signal: AbortSignal
}

/** Yields a set for each burst of changes. Returns why the stream ended, or `null` when etcd has forgotten what comes next. */
async function* changes({ cluster, prefixes, revision, registry, signal }: Watching): AsyncGenerator<ServiceSet, Outage | null> {
  const bell = new Bell()
  const over = new AbortController()
  const end = (): void => over.abort()
  signal.addEventListener('abort', end, { once: true })
  let isNew = false
  let ended: { readonly reason: unknown } | undefined
  const following = follow(cluster, {
    prefixes,
    revision,
    signal: over.signal,
    changed(found) {
      if (!registry.apply(found)) return
      isNew = true
      bell.ring()
    },
  })
  const settled = following
    .then(
      () => void (ended = { reason: null }),
      (reason: unknown) => void (ended = { reason }),
    )
    .finally(() => bell.ring())
  try {
    while (!signal.aborted) {
      await bell.next(signal)
      if (isNew) {
        await sleep(SETTLE_MS, signal)
        isNew = false
        if (!signal.aborted) yield registry.instances()
      } else if (ended !== undefined) {
        if (ended.reason === null || ended.reason instanceof Outage) return ended.reason
        throw ended.reason
      }
    }
    return null
  } finally {
    over.abort()
    signal.removeEventListener('abort', end)
    await settled
  }
}
