import { draw, drawAccepted, scan } from './draw.ts'
import { Record } from './record.ts'
import { weighted } from './balancer.ts'
import type { Balancer, Candidates, Random, Result } from './balancer.ts'
import type { Draw } from './draw.ts'
import type { LiveEndpoint } from '../endpoint-state.ts'

/** What a latency is taken for while none was ever measured, in milliseconds. */
const UNKNOWN_MS = 1
/** How much one latency counts for the usual one. */
const USUAL_STEP = 0.05
/** Draws for the second of the two before all endpoints are looked at. */
const TRIES = 4

/** The better of two drawn by weight: the one with fewer requests on it for its weight. One that fails fast has few, and is found out by its failures. */
export function leastRequests(endpoints: readonly LiveEndpoint[], random: Random = Math.random): Balancer {
  return new TwoChoices(endpoints, { byLatency: false, random })
}

/**
 * The better of two drawn by weight: the one whose peak latency of late, times the requests on it for its weight, is lower (peak EWMA). Of
 * one that was never measured nothing is known: it gets a request, and no second one before the first is answered.
 */
export function ewma(endpoints: readonly LiveEndpoint[], random: Random = Math.random): Balancer {
  return new TwoChoices(endpoints, { byLatency: true, random })
}

interface How {
  readonly byLatency: boolean
  readonly random: Random
}

class TwoChoices implements Balancer {
  readonly #how: How
  readonly #endpoints: readonly LiveEndpoint[]
  readonly #records: readonly Record[]
  readonly #byId: ReadonlyMap<string, Record>
  readonly #meanWeight: number
  readonly #draw: Draw
  #usual: number

  constructor(endpoints: readonly LiveEndpoint[], how: How, known: ReadonlyMap<string, Record> = new Map(), usual = UNKNOWN_MS) {
    const able = weighted(endpoints)
    this.#how = how
    this.#endpoints = able
    this.#records = able.map(({ id }) => known.get(id) ?? new Record())
    this.#byId = new Map(able.map(({ id }, i) => [id, this.#records[i]!]))
    this.#meanWeight = able.reduce((sum, { weight }) => sum + weight, 0) / able.length
    this.#draw = draw(able, how.random)
    this.#usual = usual
  }

  pick(among: Candidates): LiveEndpoint | undefined {
    const endpoints = this.#endpoints
    const first = drawAccepted(endpoints, this.#draw, among, this.#how.random)
    if (first === -1) return undefined
    const second = this.#second(first, among)
    // The first one also when they are alike: among idle endpoints the draw alone decides, and so the weights do.
    return endpoints[second === -1 || this.#cost(first, among.now) <= this.#cost(second, among.now) ? first : second]
  }

  #second(first: number, among: Candidates): number {
    if (this.#endpoints.length === 1) return -1
    for (let i = 0; i < TRIES; i++) {
      const at = this.#draw()
      if (at !== first && among.accepts(this.#endpoints[at]!)) return at
    }
    return scan(this.#endpoints, among, this.#how.random, first)
  }

  #cost(at: number, now: number): number {
    const { state, weight } = this.#endpoints[at]!
    const record = this.#records[at]!
    const load = ((state.active * this.#meanWeight) / weight + 1) * record.risk(now)
    if (!this.#how.byLatency) return load
    const latency = record.latency(now)
    if (latency > 0) return latency * load
    return state.active === 0 ? 0 : Number.MAX_SAFE_INTEGER * load
  }

  attempted({ id }: LiveEndpoint, { ms, isGood }: Result, now: number): void {
    const record = this.#byId.get(id)
    if (record === undefined) return
    if (!isGood) record.failed(ms, this.#usual, now)
    else {
      record.answered(ms, now)
      this.#usual += (ms - this.#usual) * USUAL_STEP
    }
  }

  over(endpoints: readonly LiveEndpoint[]): Balancer {
    return new TwoChoices(endpoints, this.#how, this.#byId, this.#usual)
  }
}
