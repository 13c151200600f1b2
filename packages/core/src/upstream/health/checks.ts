import { FetchProber } from './fetch-prober.ts'
import { Target } from './target.ts'
import { Turns } from './turns.ts'
import type { EndpointPool } from '../endpoint-state.ts'
import type { HealthControl, Verdict } from './verdict.ts'
import type { HealthProber } from './prober.ts'
import type { LiveUpstream } from '../live-upstream.ts'
import type { Logger } from '../../log/logger.ts'

/** Probes under way at a time, over all upstreams. */
const MOST_AT_A_TIME = 64

/** The active checks of a gateway: who asks, who is asked, and what was found. */
export class HealthChecks implements HealthControl {
  readonly #log: Logger
  readonly #turns = new Turns(MOST_AT_A_TIME)
  readonly #targets = new Map<string, Target>()
  readonly #listeners = new Set<(all: readonly Verdict[]) => void>()
  #probers: readonly HealthProber[]
  /** By upstream and endpoint, when they come from outside; `null` when they are found out here. */
  #applied: Map<string, Verdict> | null = null
  #upstreams: readonly LiveUpstream[] = []
  #isTelling = false
  #isStopped = false

  constructor(log: Logger, fetcher: typeof globalThis.fetch) {
    this.#log = log
    this.#probers = [new FetchProber(fetcher)]
  }

  use(prober: HealthProber): Disposable {
    this.#probers = [...this.#probers, prober]
    return { [Symbol.dispose]: () => void (this.#probers = this.#probers.filter((other) => other !== prober)) }
  }

  follow(): void {
    this.#applied ??= new Map()
    for (const target of this.#targets.values()) target.stop()
    this.#targets.clear()
  }

  get verdicts(): readonly Verdict[] {
    const found = [...this.#targets.values()].map(({ state }) => state.verdict)
    return found.filter((verdict) => verdict !== null)
  }

  onVerdicts(listener: (all: readonly Verdict[]) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  apply(all: readonly Verdict[]): void {
    this.follow()
    this.#applied = new Map(all.map((verdict) => [targetKey(verdict.upstream, verdict.endpoint), verdict]))
    this.#applyTo(this.#upstreams)
  }

  /** The upstreams of the generation that serves, with their endpoints: those that have a check are asked, all others are not any more. */
  watch(upstreams: readonly LiveUpstream[]): void {
    if (this.#isStopped) return
    this.#upstreams = upstreams
    if (this.#applied !== null) {
      this.#applyTo(upstreams)
      return
    }
    const wanted = new Set<string>()
    for (const upstream of upstreams) {
      const { check } = upstream.health
      for (const endpoint of upstream.endpoints) {
        if (check === null) {
          endpoint.state.verdict = null
          continue
        }
        const key = targetKey(upstream.pool.key, endpoint.id)
        wanted.add(key)
        const known = this.#targets.get(key)
        if (known?.isSame(upstream, endpoint) === true) continue
        known?.stop()
        this.#targets.set(key, new Target(upstream, endpoint, this.#host))
      }
    }
    for (const [key, target] of this.#targets) {
      if (wanted.has(key)) continue
      target.stop()
      this.#targets.delete(key)
      this.#changed()
    }
  }

  /** Ends all of it; for a gateway that is disposed. */
  stop(): void {
    this.#isStopped = true
    for (const target of this.#targets.values()) target.stop()
    this.#targets.clear()
    this.#listeners.clear()
  }

  readonly #host = {
    proberFor: (target: Target): HealthProber | undefined =>
      this.#probers.findLast((prober) => prober.supports(target.check.type, target.transport)),
    turn: (work: () => Promise<void>): void => this.#turns.take(work),
    judged: (target: Target): void => {
      this.#report(target)
      this.#changed()
    },
  }

  #report({ upstream, endpoint, state, check }: Target): void {
    const { healthy, reason } = state.verdict!
    const fields = { upstream: upstream.name, endpoint: endpoint.origin, check: check.type, reason }
    if (healthy === null) this.#log.error('instance cannot be checked here and counts as unchecked', fields)
    else if (healthy) this.#log.info('instance is healthy', fields)
    else this.#log.warn('instance is unhealthy and gets no requests', fields)
  }

  #changed(): void {
    if (this.#isTelling || this.#listeners.size === 0) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      const all = this.verdicts
      for (const listener of this.#listeners) {
        try {
          listener(all)
        } catch (thrown) {
          this.#log.error('a listener of verdicts threw', { reason: String(thrown) })
        }
      }
    })
  }

  #applyTo(upstreams: readonly LiveUpstream[]): void {
    for (const { pool, endpoints } of upstreams) {
      for (const { id, state } of endpoints) {
        const next = this.#applied?.get(targetKey(pool.key, id)) ?? null
        if (state.verdict?.healthy !== next?.healthy) state.since = next?.since ?? Date.now()
        state.verdict = next
      }
    }
  }
}

function targetKey(upstream: EndpointPool['key'], endpoint: string): string {
  return JSON.stringify([upstream, endpoint])
}
