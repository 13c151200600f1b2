import { sameData } from '../../same.ts'
import type { CheckPolicy } from './check-settings.ts'
import type { EndpointState, LiveEndpoint } from '../endpoint-state.ts'
import type { HealthProber, ProbeResult } from './prober.ts'
import type { LiveUpstream } from '../live-upstream.ts'
import type { Transport } from '../transport.ts'

/** What a target needs of those who check. */
export interface TargetHost {
  proberFor(target: Target): HealthProber | undefined
  /** Runs `work`, which never rejects, when there is room for another probe. */
  turn(work: () => Promise<void>): void
  /** The verdict has changed. */
  judged(target: Target): void
}

/** The first check comes within this time, so that many endpoints are not asked in one moment. */
const FIRST_WITHIN_MS = 1_000
/** Share of an interval by which it may be longer or shorter. */
const JITTER = 0.1

/** One endpoint that is asked again and again, one probe at a time. */
export class Target {
  readonly upstream: LiveUpstream
  readonly endpoint: LiveEndpoint
  readonly state: EndpointState
  readonly check: CheckPolicy
  readonly transport: Transport
  readonly #host: TargetHost
  #timer: ReturnType<typeof setTimeout> | null = null
  #probe: AbortController | null = null
  #isStopped = false
  /** Answers in a row that say the other thing than the verdict. */
  #against = 0

  constructor(upstream: LiveUpstream, endpoint: LiveEndpoint, host: TargetHost) {
    this.upstream = upstream
    this.endpoint = endpoint
    this.state = endpoint.state
    this.check = upstream.health.check!
    this.transport = upstream.transport
    this.#host = host
    this.#schedule(Math.random() * Math.min(FIRST_WITHIN_MS, this.check.interval))
  }

  /** Whether asking this endpoint of this upstream is what it does already. */
  isSame(upstream: LiveUpstream, endpoint: LiveEndpoint): boolean {
    return (
      this.state === endpoint.state &&
      this.endpoint.origin === endpoint.origin &&
      this.upstream.name === upstream.name &&
      sameData(this.check, upstream.health.check) &&
      this.transport === upstream.transport
    )
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#probe?.abort()
  }

  #schedule(ms: number): void {
    if (this.#isStopped) return
    const timer = setTimeout(() => this.#host.turn(() => this.#ask()), ms)
    this.#timer = timer
    letEnd(timer)
  }

  async #ask(): Promise<void> {
    if (this.#isStopped) return
    const startedAt = performance.now()
    const prober = this.#host.proberFor(this)
    if (prober === undefined) this.#cannotTell()
    else {
      const result = await this.#answerOf(prober)
      // Of a prober that has gone meanwhile no answer counts.
      if (!this.#isStopped && this.#host.proberFor(this) === prober) this.#judge(result)
    }
    const { interval } = this.check
    const pause = interval * (1 - JITTER + 2 * JITTER * Math.random()) - (performance.now() - startedAt)
    this.#schedule(Math.max(pause, 0))
  }

  /** Settles when the prober does, when its time is over, or when this target is stopped. Never rejects. */
  #answerOf(prober: HealthProber): Promise<ProbeResult> {
    const probe = new AbortController()
    this.#probe = probe
    const { timeout } = this.check
    return new Promise<ProbeResult>((resolve) => {
      probe.signal.addEventListener('abort', () => resolve({ isGood: false, reason: `no answer within ${timeout} ms` }))
      const timer = setTimeout(() => probe.abort(), timeout)
      letEnd(timer)
      prober
        .probe(this, probe.signal)
        .then(resolve, (thrown: unknown) => resolve({ isGood: false, reason: thrown instanceof Error ? thrown.message : String(thrown) }))
        .finally(() => clearTimeout(timer))
    })
  }

  #judge({ isGood, reason }: ProbeResult): void {
    const { counts } = this.upstream.pool
    if (isGood) counts.goodChecks += 1
    else counts.badChecks += 1
    const before = this.state.verdict?.healthy ?? null
    if (isGood === before) {
      this.#against = 0
      return
    }
    this.#against += 1
    // The first answer of a new endpoint decides alone: it counts as healthy until somebody has asked.
    const needed = before === null ? 1 : isGood ? this.check.healthyThreshold : this.check.unhealthyThreshold
    if (this.#against >= needed) this.#settle(isGood, reason)
  }

  #cannotTell(): void {
    const { verdict } = this.state
    if (verdict === null || verdict.healthy !== null) this.#settle(null, `nobody here can check by ${this.check.type}`)
  }

  #settle(healthy: boolean | null, reason: string): void {
    this.#against = 0
    const since = Date.now()
    this.state.since = since
    this.state.verdict = { upstream: this.upstream.pool.key, endpoint: this.endpoint.id, healthy, reason, since }
    this.#host.judged(this)
  }
}

/** A check that waits for its time keeps no process alive, where the runtime lets it say so. */
function letEnd(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null) (timer as { unref?: () => void }).unref?.()
}
