import { ask, refusal } from './ask.ts'
import { around, inOrder, Outage, Places, scopeOf } from '@octopus-gateway/discovery-support'
import { instanceIn } from './record.ts'
import { sleep } from '@octopus-gateway/core'
import type { Logger, ServiceInstance, ServiceSet } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** Seeds that are asked at a time. */
const SIDE_BY_SIDE = 64
/** Reasons that are told where no seed answers. */
const MOST_REASONS = 3

/** What is known of seeds, also from before an outage of all of them. */
export interface Memory {
  /** The last good record of each. */
  readonly records: Map<string, { readonly text: string; readonly instance: ServiceInstance }>
  /** What the log has been told of those that do not tell a record. */
  readonly told: Map<string, string>
}

/**
 * Asks all seeds, again and again. One that cannot be asked keeps its last good record, or is not there yet; the others go on. Throws an `Outage` when no
 * seed answers.
 */
export async function* watchSeeds(settings: Settings, memory: Memory, signal: AbortSignal, log: Logger): AsyncGenerator<ServiceSet> {
  using scope = scopeOf(signal)
  const seeds = [...new Set(settings.urls)]
  while (!signal.aborted) {
    const outages = await lookAtAll(seeds, { memory, signal: scope.signal, log })
    if (signal.aborted) return
    if (outages.length === seeds.length) throw new Outage(summaryOf(outages))
    // Two seeds may lead to one instance: the one that is named first counts.
    yield inOrder(seeds.flatMap((seed) => memory.records.get(seed)?.instance ?? []))
    await sleep(around(settings.interval), signal)
  }
}

interface Looking {
  readonly memory: Memory
  readonly signal: AbortSignal
  readonly log: Logger
}

/** Gives the outages. */
async function lookAtAll(seeds: readonly string[], looking: Looking): Promise<readonly Outage[]> {
  const places = new Places(SIDE_BY_SIDE)
  const outages = seeds.map(async (seed) => {
    using _ = await places.take()
    return look(seed, looking)
  })
  return (await Promise.all(outages)).filter((outage) => outage !== null)
}

/** Asks one seed and remembers what it says. Gives the outage when it says nothing. */
async function look(seed: string, { memory, signal, log }: Looking): Promise<Outage | null> {
  const { records, told } = memory
  const fields = { provider: 'seeds', seed }
  const tell = (message: string, reason?: string): void => {
    if (told.get(seed) === (reason ?? message)) return
    told.set(seed, reason ?? message)
    log.warn(message, reason === undefined ? fields : { ...fields, reason })
  }
  try {
    const { status, text } = await ask(seed, signal)
    if (status === 503) {
      tell('a seed is starting')
      return null
    }
    if (status === 404 || status === 410) {
      records.delete(seed)
      tell('a seed has no service; is there /_farp/discovery?')
      return null
    }
    if (status !== 200) throw refusal(seed, status)
    if (records.get(seed)?.text !== text) records.set(seed, { text, instance: instanceIn(text, seed) })
    if (told.delete(seed)) log.info('a seed tells its record', fields)
    return null
  } catch (thrown) {
    if (signal.aborted) return null
    if (!(thrown instanceof Outage)) throw thrown
    tell('a seed cannot be asked; its last record is kept', thrown.message)
    return thrown
  }
}

function summaryOf(outages: readonly Outage[]): string {
  const reasons = outages.slice(0, MOST_REASONS).map(({ message }) => message)
  const more = outages.length - reasons.length
  return [...reasons, ...(more > 0 ? [`And ${more} more.`] : [])].join(' ')
}
