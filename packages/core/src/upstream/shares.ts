/** Endpoints of one priority, on one side of the border of the gateway's zone. */
export interface Side {
  /** Lower comes first. */
  readonly priority: number
  readonly isLocal: boolean
  /** Zones among the endpoints of this priority. */
  readonly zones: number
  /** Of all its endpoints, above 0. */
  readonly weight: number
}

/** What a side gets. */
export interface Share {
  /** Of all requests, 0 to 1. */
  readonly share: number
  /** Too few are in order: all of them share. */
  readonly isPanicking: boolean
}

/** Priorities are left later than their endpoints go: ten endpoints of which eight work carry the load of all (as Envoy has it). */
const OVERPROVISIONED = 1.4

/**
 * The shares of sides, in order of priority, whose accepted weights are `accepted`. A priority gets what its healthy part times 1.4 can carry, the
 * next one what is left. Within it, the own zone keeps its requests as long as its endpoints are as many as an even spread of all zones'
 * requests over all endpoints would give it, and else that part of them.
 */
export function sharesOf(sides: readonly Side[], accepted: readonly number[], panicThreshold: number): Share[] {
  const levels = levelsOf(sides, accepted)
  const able = levels.reduce((sum, { health }) => sum + health, 0)
  const whole = levels.reduce((sum, { weight }) => sum + weight, 0)
  let left = 1
  const shares: Share[] = []
  for (const level of levels) {
    const isPanicking = (levels.length === 1 || able < 1) && (level.accepted / level.weight) * 100 < panicThreshold
    const share = able >= 1 ? Math.min(left, level.health) : able > 0 ? level.health / able : level.weight / whole
    left -= share
    for (const { side, accepted: working } of level.sides) {
      const within = isPanicking
        ? side.weight / level.weight
        : level.accepted === 0
          ? side.weight / level.weight
          : side.isLocal
            ? localPart(side, working, level.accepted)
            : 1 - localPart(side, level.accepted - working, level.accepted)
      shares.push({ share: share * within, isPanicking })
    }
  }
  return shares
}

function localPart({ zones }: Side, local: number, all: number): number {
  return Math.min(1, (local * zones) / all)
}

interface Level {
  weight: number
  accepted: number
  health: number
  readonly sides: { readonly side: Side; readonly accepted: number }[]
}

function levelsOf(sides: readonly Side[], accepted: readonly number[]): Level[] {
  const levels = new Map<number, Level>()
  sides.forEach((side, i) => {
    const level = levels.get(side.priority) ?? { weight: 0, accepted: 0, health: 0, sides: [] }
    levels.set(side.priority, level)
    level.weight += side.weight
    level.accepted += accepted[i]!
    level.health = Math.min(1, (OVERPROVISIONED * level.accepted) / level.weight)
    level.sides.push({ side, accepted: accepted[i]! })
  })
  return [...levels.values()]
}
