import { BALANCERS } from './balancers/by-name.ts'
import { hashOf } from './hash-key.ts'
import { mixed, shareOf } from '../hash.ts'
import { RequestCandidates } from './candidates.ts'
import { sharesOf } from './shares.ts'
import { SlowStarts } from './slow-start.ts'
import { StickyCookie } from './sticky.ts'
import { weighted } from './balancers/balancer.ts'
import type { RequestContext } from '../exchange/context.ts'
import type { Balancer, Random, Result } from './balancers/balancer.ts'
import type { BalancingPolicy } from './balancing.ts'
import type { HashOf } from './hash-key.ts'
import type { LiveEndpoint } from './endpoint-state.ts'
import type { Share, Side } from './shares.ts'

/** How long what was found of the health of all endpoints is good for shares, unless an attempt fails before. */
const SURVEY_MS = 100

/** A side with its endpoints and who chooses among them. */
interface Group extends Side {
  readonly endpoints: readonly LiveEndpoint[]
  readonly balancer: Balancer
}

/** Chooses the endpoint of a request: the sticky one, else by priority and zone, then by the balancer. */
export class Choice {
  readonly sticky: StickyCookie | null
  readonly #policy: BalancingPolicy
  readonly #random: Random
  readonly #hash: HashOf | null
  readonly #starts: SlowStarts | null
  readonly #among: RequestCandidates
  #groups: readonly Group[] = []
  #shares: readonly Share[] = []
  #surveyedUntil = 0

  constructor(upstream: string, policy: BalancingPolicy, random: Random = Math.random) {
    this.#policy = policy
    this.#random = random
    this.sticky = policy.sticky === null ? null : new StickyCookie(upstream, policy.sticky)
    this.#hash = policy.hashOn === null ? null : hashOf(policy.hashOn)
    this.#starts = policy.slowStart === null ? null : new SlowStarts(policy.slowStart)
    this.#among = new RequestCandidates(this.#starts)
  }

  assign(endpoints: readonly LiveEndpoint[], now: number): void {
    this.sticky?.assign(endpoints)
    this.#starts?.assign(endpoints, now)
    this.#groups = this.#grouped(weighted(endpoints))
    this.#surveyedUntil = 0
  }

  #grouped(endpoints: readonly LiveEndpoint[]): Group[] {
    const { zone, loadBalance } = this.#policy
    const sides = new Map<string, { priority: number; isLocal: boolean; endpoints: LiveEndpoint[] }>()
    const zones = new Map<number, Set<string | undefined>>()
    for (const endpoint of endpoints) {
      const { priority = 0 } = endpoint
      const isLocal = zone !== null && endpoint.zone === zone
      const key = `${priority} ${isLocal}`
      const side = sides.get(key) ?? { priority, isLocal, endpoints: [] }
      sides.set(key, side)
      side.endpoints.push(endpoint)
      zones.set(priority, (zones.get(priority) ?? new Set()).add(endpoint.zone))
    }
    const before = new Map(this.#groups.map((group) => [`${group.priority} ${group.isLocal}`, group.balancer]))
    return [...sides]
      .map(([key, side]) => ({
        ...side,
        zones: zones.get(side.priority)!.size,
        weight: side.endpoints.reduce((sum, { weight }) => sum + weight, 0),
        balancer: before.get(key)?.over(side.endpoints) ?? BALANCERS[loadBalance](side.endpoints, this.#random),
      }))
      .sort((a, b) => a.priority - b.priority || Number(b.isLocal) - Number(a.isLocal))
  }

  /** An endpoint not yet tried by this request: one that is in order, or else any. */
  pick(ctx: RequestContext, now: number): LiveEndpoint | undefined {
    const among = this.#among
    among.begin(ctx, now)
    const picked = this.#stuck(ctx) ?? this.#balanced(ctx)
    among.end()
    return picked
  }

  /** An endpoint for a copy of a request to another upstream: of its own subset and attempts nothing holds here. */
  pickForCopy(ctx: RequestContext, now: number): LiveEndpoint | undefined {
    const among = this.#among
    among.begin(COPIED, now)
    const picked = this.#stuck(ctx) ?? this.#balanced(ctx)
    among.end()
    return picked
  }

  #stuck(ctx: RequestContext): LiveEndpoint | undefined {
    const endpoint = this.sticky?.endpointOf(ctx)
    return endpoint !== undefined && this.#among.accepts(endpoint) ? endpoint : undefined
  }

  #balanced(ctx: RequestContext): LiveEndpoint | undefined {
    const among = this.#among
    // A request without what is hashed goes anywhere: the same for all of them would be one endpoint for all.
    if (this.#hash !== null) among.hash = this.#hash(ctx) ?? Math.floor(this.#random() * 0x1_0000_0000)
    const groups = this.#groups
    if (groups.length === 1 && this.#starts === null && this.#policy.panicThreshold === 0) {
      const picked = groups[0]!.balancer.pick(among)
      if (picked !== undefined) return picked
      among.regard = 'last-resort'
      return groups[0]!.balancer.pick(among)
    }
    return this.#shared()
  }

  #shared(): LiveEndpoint | undefined {
    const among = this.#among
    if (among.now >= this.#surveyedUntil) this.#survey(among.now)
    const first = this.#groups[this.#sideByShare()]
    if (first === undefined) return undefined
    if (this.#starts !== null) {
      among.ramp = this.#draw(RAMP)
      const picked = first.balancer.pick(among)
      if (picked !== undefined) return picked
      among.ramp = 0
    }
    const picked = first.balancer.pick(among) ?? this.#fromAny()
    if (picked !== undefined) return picked
    among.regard = 'last-resort'
    return this.#fromAny()
  }

  #fromAny(): LiveEndpoint | undefined {
    for (const { balancer } of this.#groups) {
      const picked = balancer.pick(this.#among)
      if (picked !== undefined) return picked
    }
    return undefined
  }

  /** The position of the side whose turn it is. Where keys are hashed, a key stays with its side. */
  #sideByShare(): number {
    const shares = this.#shares
    let left = shares.length === 1 ? 0 : this.#draw(SIDE)
    for (let i = 0; i < shares.length; i++) {
      const { share, isPanicking } = shares[i]!
      left -= share
      if (left >= 0) continue
      this.#among.regard = isPanicking ? 'all' : 'healthy'
      return i
    }
    return 0
  }

  #draw(purpose: number): number {
    return this.#hash === null ? this.#random() : shareOf(mixed(this.#among.hash, purpose))
  }

  #survey(now: number): void {
    const accepted = this.#groups.map(({ endpoints }) => {
      let weight = 0
      for (const endpoint of endpoints) {
        const isAccepted = endpoint.state.accepts(now)
        this.#starts?.saw(endpoint, isAccepted, now)
        if (isAccepted) weight += endpoint.weight
      }
      return weight
    })
    this.#shares = sharesOf(this.#groups, accepted, this.#policy.panicThreshold)
    this.#surveyedUntil = now + SURVEY_MS
  }

  /** An attempt got its head, or failed. */
  attempted(endpoint: LiveEndpoint, result: Result, now: number): void {
    if (!result.isGood) this.#surveyedUntil = 0
    for (const { balancer } of this.#groups) balancer.attempted?.(endpoint, result, now)
  }
}

const COPIED = { route: { subset: null }, attempts: [] } as const

/** Draws of one request for different purposes do not depend on each other. */
const SIDE = 1
const RAMP = 2
