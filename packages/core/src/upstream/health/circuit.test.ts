import { describe, expect, it } from 'vitest'
import { Circuit } from './circuit.ts'
import fc from 'fast-check'
import type { BreakerPolicy } from './breaker-settings.ts'
import type { Trial } from './circuit.ts'

const POLICY: BreakerPolicy = { failureThreshold: 5, timeout: 60_000, halfOpenRequests: 1 }

function failing(policy = POLICY): Circuit {
  const circuit = new Circuit()
  for (let i = 0; i < policy.failureThreshold; i++) circuit.failed(0, null, policy)
  return circuit
}

describe('[R35] a circuit', () => {
  it('[R35] opens after failures in a row, not over its life', () => {
    const circuit = new Circuit()
    for (let round = 0; round < 1_000; round++) {
      for (let i = 0; i < 4; i++) circuit.failed(round, null, POLICY)
      circuit.succeeded(null)
    }
    expect(circuit.state(1_000)).toBe('closed')
    for (let i = 0; i < 4; i++) expect(circuit.failed(1_000, null, POLICY)).toBe(false)
    expect(circuit.failed(1_000, null, POLICY)).toBe(true)
    expect(circuit.state(1_000)).toBe('open')
    expect(circuit.accepts(1_000)).toBe(false)
  })

  it('[R35] lets no more requests try at a time than it was told, however many come', () => {
    for (const halfOpenRequests of [1, 3]) {
      const circuit = failing({ ...POLICY, halfOpenRequests })
      expect(circuit.accepts(59_999)).toBe(false)
      let trials = 0
      for (let i = 0; i < 1_000; i++) {
        if (!circuit.accepts(60_000)) continue
        expect(circuit.begin(60_000)!.hasPlace).toBe(true)
        trials += 1
      }
      expect(trials).toBe(halfOpenRequests)
    }
  })

  it('closes with a trial that succeeds, and stays open as long again with one that fails', () => {
    const circuit = failing()
    const failed = circuit.begin(60_000)!
    expect(circuit.failed(61_000, failed, POLICY)).toBe(true)
    circuit.giveBack(failed)
    expect(circuit.pause(61_000)).toBe(60_000)
    expect(circuit.accepts(120_999)).toBe(false)
    const good = circuit.begin(121_000)!
    expect(circuit.succeeded(good)).toBe(true)
    circuit.giveBack(good)
    expect([circuit.state(121_000), circuit.failures]).toEqual(['closed', 0])
  })

  it('frees the place of a trial that ended without a word', () => {
    const circuit = failing()
    const left = circuit.begin(60_000)!
    expect(circuit.accepts(60_000)).toBe(false)
    circuit.giveBack(left)
    circuit.giveBack(left)
    expect(circuit.accepts(60_000)).toBe(true)
    circuit.begin(60_000)
    expect(circuit.accepts(60_000)).toBe(false)
  })

  it('believes no request from before it opened', () => {
    const circuit = failing()
    const old = circuit.begin(60_000)!
    circuit.failed(60_000, old, POLICY)
    expect(circuit.succeeded(null)).toBe(false)
    expect(circuit.succeeded(old)).toBe(false)
    expect(circuit.failed(90_000, old, POLICY)).toBe(false)
    expect(circuit.failed(90_000, null, POLICY)).toBe(false)
    expect(circuit.pause(90_000)).toBe(30_000)
    circuit.giveBack(old)
    expect(circuit.begin(120_000)!.hasPlace).toBe(true)
    expect(circuit.accepts(120_000)).toBe(false)
  })

  it('opens at once when a connection cannot be made, for 1 s, doubling to 30 s', () => {
    const circuit = new Circuit()
    const pauses: number[] = []
    let now = 0
    for (let i = 0; i < 7; i++) {
      expect(circuit.unreachable(now, null, POLICY)).toBe(true)
      expect(circuit.unreachable(now, null, POLICY)).toBe(false)
      pauses.push(circuit.pause(now))
      now += circuit.pause(now)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(circuit.outage).toBe('unreachable')
    circuit.succeeded(null)
    circuit.unreachable(now, null, POLICY)
    expect(circuit.pause(now)).toBe(1_000)
  })

  it('is closed by a failure of an endpoint that could not be reached: it can be now', () => {
    const circuit = new Circuit()
    circuit.unreachable(0, null, POLICY)
    const trial = circuit.begin(1_000)
    expect(circuit.failed(1_000, trial, POLICY)).toBe(true)
    expect([circuit.outage, circuit.failures]).toEqual([null, 1])
  })

  it('opens after answers in a row that broke off, though their heads were good', () => {
    const circuit = new Circuit()
    for (let i = 0; i < 4; i++) {
      circuit.succeeded(null)
      expect(circuit.cut(0, POLICY)).toBe(false)
    }
    circuit.completed()
    for (let i = 0; i < 4; i++) circuit.cut(0, POLICY)
    circuit.succeeded(null)
    expect(circuit.cut(0, POLICY)).toBe(true)
    expect(circuit.outage).toBe('failing')
  })

  it('never opens for failures when none are enough', () => {
    const circuit = new Circuit()
    const policy = { ...POLICY, failureThreshold: Infinity }
    for (let i = 0; i < 10_000; i++) {
      circuit.failed(0, null, policy)
      circuit.cut(0, policy)
    }
    expect(circuit.state(0)).toBe('closed')
  })
})

/** The rules in a few plain words, to compare with: a list of requests under way, each remembering the opening that it belongs to. */
class Model {
  outage: 'failing' | 'unreachable' | null = null
  until = 0
  opening = 0
  row = 0
  cutRow = 0
  refusals = 0
  trials: { opening: number; hasPlace: boolean }[] = []

  accepts(now: number, policy: BreakerPolicy): boolean {
    const here = this.trials.filter(({ opening, hasPlace }) => hasPlace && opening === this.opening)
    return this.outage === null || (now >= this.until && here.length < policy.halfOpenRequests)
  }

  open(outage: 'failing' | 'unreachable', until: number): void {
    Object.assign(this, { outage, until, opening: this.opening + 1 })
  }

  close(): void {
    if (this.outage !== null) Object.assign(this, { outage: null, until: 0, opening: this.opening + 1, refusals: 0, cutRow: 0 })
  }
}

type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'begin' }
  | { readonly do: 'good' | 'bad' | 'refused' | 'gone' | 'cut' | 'complete'; readonly which: number }

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 500, 1_000, 2_000, 10_000, 60_000) }),
    fc.record({ do: fc.constant('begin' as const) }),
    fc.record({ do: fc.constantFrom('good', 'bad', 'bad', 'refused', 'gone', 'cut', 'complete'), which: fc.nat(20) }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 200 },
)

describe('any order of events', () => {
  it('leads to the state that the rules say, and never to more trials than there are places', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), (list, failureThreshold, halfOpenRequests) => {
        const policy = { failureThreshold, timeout: 10_000, halfOpenRequests }
        const circuit = new Circuit()
        const model = new Model()
        const underWay: { readonly trial: Trial | null; readonly told: Model['trials'][number] | null }[] = []
        let now = 0
        for (const step of list) {
          if (step.do === 'wait') now += step.ms
          else if (step.do === 'begin') {
            const isAccepted = model.accepts(now, policy)
            expect(circuit.accepts(now)).toBe(isAccepted)
            // What nobody accepts is tried all the same when it only could not be reached.
            if (!isAccepted && model.outage !== 'unreachable') continue
            const told = model.outage === null ? null : { opening: model.opening, hasPlace: isAccepted }
            if (told !== null) model.trials.push(told)
            underWay.push({ trial: circuit.begin(now), told })
          } else if (underWay.length > 0) {
            const [request] = underWay.splice(step.which % underWay.length, 1)
            const { trial, told } = request!
            const isCurrent = told !== null && told.opening === model.opening
            if (step.do === 'good') {
              circuit.succeeded(trial)
              if (model.outage !== 'failing' || isCurrent) {
                model.row = 0
                model.close()
              }
            } else if (step.do === 'bad') {
              circuit.failed(now, trial, policy)
              if (model.outage === null || isCurrent) {
                if (model.outage !== 'failing') model.row += 1
                if (model.outage === 'failing' || model.row >= failureThreshold) model.open('failing', now + 10_000)
                else model.close()
              }
            } else if (step.do === 'refused') {
              circuit.unreachable(now, trial, policy)
              if (model.outage === 'failing') {
                if (isCurrent) model.open('failing', now + 10_000)
              } else if (model.outage === null || now >= model.until) {
                model.open('unreachable', now + Math.min(1_000 * 2 ** model.refusals, 30_000))
                model.refusals += 1
              }
            } else if (step.do === 'cut') {
              circuit.cut(now, policy)
              if (model.outage === null && (model.cutRow += 1) >= failureThreshold) model.open('failing', now + 10_000)
            } else if (step.do === 'complete') {
              circuit.completed()
              model.cutRow = 0
            }
            if (trial !== null) circuit.giveBack(trial)
            model.trials = model.trials.filter((other) => other !== told)
          }
          const places = model.trials.filter(({ opening, hasPlace }) => hasPlace && opening === model.opening)
          expect(places.length).toBeLessThanOrEqual(halfOpenRequests)
          expect([circuit.outage, circuit.pause(now), circuit.accepts(now)]).toEqual([
            model.outage,
            model.outage === null ? 0 : Math.max(0, model.until - now),
            model.accepts(now, policy),
          ])
        }
      }),
      { numRuns: 500 },
    )
  })
})
