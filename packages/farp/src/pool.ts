import type { InstanceAccount } from './manifest/manifest.ts'

/** Statuses that get no new requests; every other one does, an unknown word too: health is then for the gateway to observe. */
const CLOSED: ReadonlySet<string> = new Set(['starting', 'unhealthy', 'draining', 'stopping'])

/** Whether an instance of this status gets new requests. */
export function isRoutable(status: string): boolean {
  return !CLOSED.has(status)
}

/** An instance as the sharing of traffic sees it. */
export interface Sharer {
  readonly id: string
  readonly account: Pick<InstanceAccount, 'weight' | 'status' | 'role' | 'strategy' | 'trafficPercent'> | undefined
  /** The registry's weight, relative to 1. */
  readonly registryWeight: number
}

/** The two sides of a blue/green deployment. */
export type Colour = 'blue' | 'green'

/**
 * The weight of each instance that may serve. Absent is 100 and an explicit 0 is none; shadows are left out; canaries together get their percentage;
 * in a blue/green deployment a colour that declares nothing counts as 0 as soon as another declares something (a standby written in Go cannot say 0);
 * degraded instances rest while more than half of the pool is healthy. `active` is the operator's word on which colour serves: the other one gets
 * nothing as long as there is anybody of this one.
 */
export function sharesOf(sharers: readonly Sharer[], active?: Colour): ReadonlyMap<string, number> {
  const serving = sharers.filter(({ account }) => account?.role !== 'shadow')
  const isHealthy = ({ account }: Sharer): boolean => account?.status !== 'degraded'
  const restsDegraded = serving.filter(isHealthy).length * 2 > serving.length
  const weights = new Map<string, number>()
  for (const sharer of serving) {
    const base = (sharer.account?.weight ?? 100) * Math.max(0, sharer.registryWeight)
    weights.set(sharer.id, restsDegraded && !isHealthy(sharer) ? 0 : base)
  }
  if (active === undefined) shareColours(serving, weights)
  else switchTo(active, serving, weights)
  shareCanaries(serving, weights)
  return weights
}

function shareColours(sharers: readonly Sharer[], weights: Map<string, number>): void {
  const colours = ['blue', 'green'].map((colour) =>
    sharers.filter(({ account }) => account?.role === colour && account.strategy === 'blue_green'),
  )
  const members = colours.flat()
  const percents = colours.map((group) => largestPercent(group))
  const declares = colours.map((group, index) => percents[index]! > 0 || group.some(({ account }) => (account?.weight ?? 0) > 0))
  if (!declares.includes(true)) return
  for (const [index, group] of colours.entries()) if (!declares[index]) for (const { id } of group) weights.set(id, 0)
  const total = percents.reduce((sum, percent) => sum + percent, 0)
  if (total === 0) return
  const pool = sum(members, weights)
  for (const [index, group] of colours.entries()) scale(group, weights, (pool * percents[index]!) / total)
}

function switchTo(active: Colour, sharers: readonly Sharer[], weights: Map<string, number>): void {
  const members = (colour: string): readonly Sharer[] => sharers.filter(({ account }) => account?.role === colour)
  if (sum(members(active), weights) > 0) for (const { id } of members(active === 'blue' ? 'green' : 'blue')) weights.set(id, 0)
}

function shareCanaries(sharers: readonly Sharer[], weights: Map<string, number>): void {
  const canaries = sharers.filter(({ account }) => account?.role === 'canary')
  const others = sharers.filter(({ account }) => account?.role !== 'canary')
  const isDeclared = canaries.some(({ account }) => account?.trafficPercent !== undefined)
  if (!isDeclared) return
  const percent = largestPercent(canaries)
  const pool = sum(sharers, weights)
  // One that says nothing beside another that does waits to be told.
  for (const { id, account } of canaries) if (account?.trafficPercent === undefined) weights.set(id, 0)
  // The chosen pool being empty, the other takes everything.
  if (sum(others, weights) === 0 || sum(canaries, weights) === 0) return
  scale(canaries, weights, (pool * percent) / 100)
  scale(others, weights, (pool * (100 - percent)) / 100)
}

function largestPercent(group: readonly Sharer[]): number {
  return Math.max(0, ...group.map(({ account }) => account?.trafficPercent ?? 0))
}

function sum(group: readonly Sharer[], weights: ReadonlyMap<string, number>): number {
  return group.reduce((total, { id }) => total + weights.get(id)!, 0)
}

/** Keeps the proportions inside a group and gives it `total` together. */
function scale(group: readonly Sharer[], weights: Map<string, number>, total: number): void {
  const current = sum(group, weights)
  if (current === 0) return
  for (const { id } of group) weights.set(id, Math.round((weights.get(id)! * total * 1000) / current) / 1000)
}
