import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HealthChecks } from './checks.ts'
import { healthPolicy } from '../health.ts'
import { PLAIN_SETTINGS } from '../live-upstream.ts'
import { silentLogger } from '../../log/logger.ts'
import { UpstreamSet } from '../upstream-set.ts'
import type { CheckType, HealthCheckSettings } from './check-settings.ts'
import type { Endpoint } from '../endpoint.ts'
import type { HealthProber, Probe, ProbeResult } from './prober.ts'
import type { LiveUpstream } from '../live-upstream.ts'
import type { Logger } from '../../log/logger.ts'
import type { Verdict } from './verdict.ts'

const GOOD: ProbeResult = { isGood: true, reason: 'status 200' }
const BAD: ProbeResult = { isGood: false, reason: 'status 500' }

/** Answers what it is told to, and remembers what was under way. */
class Scripted implements HealthProber {
  readonly asked: string[] = []
  most = 0
  answer: (probe: Probe, signal: AbortSignal) => ProbeResult | Promise<ProbeResult> = () => GOOD
  readonly #types: readonly CheckType[]
  #running = 0

  constructor(types: readonly CheckType[] = ['http', 'tcp', 'grpc']) {
    this.#types = types
  }

  supports(type: CheckType): boolean {
    return this.#types.includes(type)
  }

  async probe(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
    this.asked.push(probe.endpoint.id)
    this.#running += 1
    this.most = Math.max(this.most, this.#running)
    try {
      return await this.answer(probe, signal)
    } finally {
      this.#running -= 1
    }
  }
}

const endpoint = (id: string): Endpoint => ({ id, origin: `http://${id}.test`, weight: 1, labels: {} })

function upstreamOf(ids: readonly string[], check: HealthCheckSettings | null, set = new UpstreamSet(), key = 'k'): LiveUpstream {
  const health = healthPolicy(check === null ? [] : [{ healthCheck: check }])
  const upstream = set.acquire({ key, name: 'up', ...PLAIN_SETTINGS, health })
  upstream.assign(ids.map(endpoint))
  return upstream
}

/** A logger that keeps its lines. */
function lines(): Logger & { readonly all: string[] } {
  const all: string[] = []
  const keep = (level: string) => (message: string, fields?: object) => void all.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { all, error: keep('error'), warn: keep('warn'), info: keep('info'), debug: keep('debug') }
}

const accepting = (upstream: LiveUpstream): string[] =>
  upstream.endpoints.filter(({ state }) => state.accepts(performance.now())).map(({ id }) => id)

describe('active checks', () => {
  let checks: HealthChecks
  let prober: Scripted
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] })
    prober = new Scripted()
    checks = new HealthChecks(silentLogger, () => Promise.reject(new Error('not here')))
    checks.use(prober)
  })
  afterEach(() => {
    checks.stop()
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it('count a new endpoint as healthy until it has been asked, and let the first answer decide', async () => {
    const upstream = upstreamOf(['a', 'b'], { interval: '10s' })
    prober.answer = ({ endpoint: { id } }) => (id === 'a' ? BAD : GOOD)
    checks.watch([upstream])
    expect(accepting(upstream)).toEqual(['a', 'b'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(prober.asked.sort()).toEqual(['a', 'b'])
    expect(accepting(upstream)).toEqual(['b'])
    expect(checks.verdicts).toEqual([
      { upstream: 'k', endpoint: 'a', healthy: false, reason: 'status 500', since: expect.any(Number) as number },
      { upstream: 'k', endpoint: 'b', healthy: true, reason: 'status 200', since: expect.any(Number) as number },
    ])
  })

  it('take an endpoint out after as many bad answers in a row as were named, and bring it back after as many good ones', async () => {
    const upstream = upstreamOf(['a'], { interval: '1s', unhealthyThreshold: 3, healthyThreshold: 2 })
    const script = [GOOD, BAD, BAD, GOOD, BAD, BAD, BAD, GOOD, BAD, GOOD, GOOD]
    const seen: boolean[] = []
    prober.answer = () => script[prober.asked.length - 1] ?? GOOD
    checks.watch([upstream])
    while (seen.length < script.length) {
      const before = prober.asked.length
      while (prober.asked.length === before) await vi.advanceTimersByTimeAsync(10)
      seen.push(accepting(upstream).length === 1)
    }
    expect(seen).toEqual([true, true, true, true, true, true, false, false, false, false, true])
  })

  it('call an answer bad that does not come in time, ask nobody twice at a time, and are done when stopped', async () => {
    const upstream = upstreamOf(['a'], { interval: '1s', timeout: '5s' })
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const signals: AbortSignal[] = []
    prober.answer = (_probe, signal) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    checks.watch([upstream])
    await vi.advanceTimersByTimeAsync(5_499)
    expect(prober.asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2)
    expect(signals[0]!.aborted).toBe(true)
    expect(checks.verdicts[0]).toMatchObject({ healthy: false, reason: 'no answer within 5000 ms' })
    checks.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(prober.asked).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('have a limited number of probes under way', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `e${index}`)
    prober.answer = () => new Promise((resolve) => setTimeout(() => resolve(GOOD), 50))
    checks.watch([upstreamOf(ids, { interval: '10s' })])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(new Set(prober.asked).size).toBe(300)
    expect(prober.most).toBeLessThanOrEqual(64)
  })

  it('[R34] follow the endpoints, and a change of other settings forgets nothing', async () => {
    const set = new UpstreamSet()
    const before = upstreamOf(['a', 'b'], { interval: '10s' }, set)
    prober.answer = ({ endpoint: { id } }) => (id === 'a' ? BAD : GOOD)
    checks.watch([before])
    await vi.advanceTimersByTimeAsync(1_000)
    const health = healthPolicy([{ healthCheck: { interval: '10s' }, circuitBreaker: { failureThreshold: 9 } }])
    const after = set.acquire({ key: 'k', name: 'up', ...PLAIN_SETTINGS, health })
    expect(after).not.toBe(before)
    after.assign([endpoint('a'), endpoint('c')])
    checks.watch([after])
    set.release([before])
    expect(accepting(after)).toEqual(['c'])
    prober.asked.length = 0
    await vi.advanceTimersByTimeAsync(30_000)
    expect(prober.asked).toContain('c')
    expect(prober.asked).not.toContain('b')
  })

  it('let go of an endpoint when its upstream is checked no longer', async () => {
    const set = new UpstreamSet()
    prober.answer = () => BAD
    const upstream = upstreamOf(['a'], {}, set)
    checks.watch([upstream])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(accepting(upstream)).toEqual([])
    const unchecked = upstreamOf(['a'], null, set)
    checks.watch([unchecked])
    expect(accepting(unchecked)).toEqual(['a'])
    expect(checks.verdicts).toEqual([])
  })

  it('say so when nobody here can ask: the endpoint is not called healthy', async () => {
    const log = lines()
    const here = new HealthChecks(log, () => Promise.reject(new Error('not here')))
    const upstream = upstreamOf(['a'], { type: 'tcp' })
    here.watch([upstream])
    await vi.advanceTimersByTimeAsync(30_000)
    expect(log.all).toHaveLength(1)
    expect(log.all[0]).toMatch(/^error instance cannot be checked here .*nobody here can check by tcp/)
    expect(upstream.status(performance.now())[0]!.check).toMatchObject({ healthy: null })
    here.use(prober)
    await vi.advanceTimersByTimeAsync(11_000)
    expect(upstream.status(performance.now())[0]!.check).toMatchObject({ healthy: true })
    here.stop()
  })

  it('write one line for each change', async () => {
    const log = lines()
    const here = new HealthChecks(log, () => Promise.reject(new Error('not here')))
    here.use(prober)
    let isGood = true
    prober.answer = () => (isGood ? GOOD : BAD)
    here.watch([upstreamOf(['a'], { interval: '1s' })])
    for (const next of [true, false, true]) {
      isGood = next
      await vi.advanceTimersByTimeAsync(10_000)
    }
    here.stop()
    expect(log.all.map((line) => line.slice(0, line.indexOf(' {')))).toEqual([
      'info instance is healthy',
      'warn instance is unhealthy and gets no requests',
      'info instance is healthy',
    ])
  })
})

describe('verdicts as data', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] }))
  afterEach(() => void vi.useRealTimers())

  it('go from a gateway that asks to one that follows, also for endpoints that come later', async () => {
    const prober = new Scripted()
    prober.answer = ({ endpoint: { id } }) => (id === 'a' ? BAD : GOOD)
    const control = new HealthChecks(silentLogger, () => Promise.reject(new Error('not here')))
    control.use(prober)
    const worker = new HealthChecks(silentLogger, () => Promise.reject(new Error('not here')))
    worker.follow()
    const sent: (readonly Verdict[])[] = []
    control.onVerdicts((all) => {
      sent.push(all)
      worker.apply(structuredClone(all))
    })
    const there = upstreamOf(['b'], {})
    worker.watch([there])
    control.watch([upstreamOf(['a', 'b'], {})])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(sent.at(-1)).toHaveLength(2)
    expect(accepting(there)).toEqual(['b'])
    there.assign([endpoint('a'), endpoint('b')])
    worker.watch([there])
    expect(accepting(there)).toEqual(['b'])
    prober.answer = () => GOOD
    await vi.advanceTimersByTimeAsync(30_000)
    expect(accepting(there)).toEqual(['a', 'b'])
    worker.apply([])
    expect(there.endpoints.map(({ state }) => state.verdict)).toEqual([null, null])
    control.stop()
    worker.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('come without a single probe here', async () => {
    const prober = new Scripted()
    const worker = new HealthChecks(silentLogger, () => Promise.reject(new Error('not here')))
    worker.use(prober)
    worker.watch([upstreamOf(['a'], {})])
    worker.follow()
    worker.watch([upstreamOf(['a', 'b'], {})])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(prober.asked).toEqual([])
    worker.stop()
  })
})
