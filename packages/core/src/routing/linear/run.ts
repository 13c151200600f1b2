import type { Place } from './syntax.ts'
import type { Program, Step } from './program.ts'

/** What a search may cost, counted down as it goes. */
export interface Budget {
  steps: number
}

/** Where the groups of a match begin and end; -1 for a group that took no part. */
export type Groups = readonly number[]

/**
 * The leftmost match, of several that one which a backtracking engine finds first; `null` when there is none, `undefined` when the budget is spent.
 * All ways are followed at once, each step of the program at most once per character: no pattern and no text can make it take longer.
 */
export function search({ steps, slots }: Program, text: string, budget: Budget): Groups | null | undefined {
  let now = new Threads(steps.length)
  let next = new Threads(steps.length)
  let found: Groups | null = null
  const unset: Groups = Array.from({ length: slots }, () => -1)
  for (let at = 0; at <= text.length; at++) {
    if (found === null) follow({ steps, text, at, budget, threads: now }, 0, unset)
    if (budget.steps < 0) return undefined
    // Nothing is followed, and nothing will be: a match was found, or it could only have begun at the start.
    if (now.count === 0 && (found !== null || isAnchored(steps))) return found
    const code = text.charCodeAt(at)
    for (let i = 0; i < now.count; i++) {
      const step = steps[now.at[i]!]!
      if (step.op === 'match') {
        found = now.groups[i]!
        // What comes behind is less preferred.
        break
      }
      if (step.op !== 'characters' || step.set[code] !== 1) continue
      follow({ steps, text, at: at + 1, budget, threads: next }, now.at[i]! + 1, now.groups[i]!)
      if (budget.steps < 0) return undefined
    }
    const done = now
    now = next
    next = done
    next.clear()
  }
  return found
}

/** The first step is where the match begins. */
function isAnchored(steps: readonly Step[]): boolean {
  const second = steps[1]
  return second?.op === 'place' && second.place === 'start'
}

/** The steps that wait for a character, the preferred ones first. */
class Threads {
  count = 0
  readonly at: Int32Array
  readonly groups: Groups[] = []
  readonly #seen: Uint8Array

  constructor(size: number) {
    this.at = new Int32Array(size)
    this.#seen = new Uint8Array(size)
  }

  /** `false` when this step was reached before, by a way that is preferred. */
  visit(step: number): boolean {
    if (this.#seen[step] === 1) return false
    this.#seen[step] = 1
    return true
  }

  add(step: number, groups: Groups): void {
    this.at[this.count] = step
    this.groups[this.count] = groups
    this.count += 1
  }

  clear(): void {
    this.count = 0
    this.#seen.fill(0)
  }
}

interface Walk {
  readonly steps: readonly Step[]
  readonly text: string
  readonly at: number
  readonly budget: Budget
  readonly threads: Threads
}

/** Goes on from a step to every step that waits for a character. Calls itself as deep as the program is long, at the most. */
function follow(walk: Walk, from: number, groups: Groups): void {
  const { steps, threads, budget } = walk
  let step = from
  for (;;) {
    if (!threads.visit(step)) return
    budget.steps -= 1
    const one = steps[step]!
    switch (one.op) {
      case 'jump':
        step = one.to
        continue
      case 'fork':
        follow(walk, one.first, groups)
        step = one.second
        continue
      case 'save':
        groups = groups.with(one.slot, walk.at)
        // A copy costs as much as the groups are many.
        budget.steps -= groups.length >> 2
        step += 1
        continue
      case 'place':
        if (!isAt(one.place, walk)) return
        step += 1
        continue
      default:
        threads.add(step, groups)
        return
    }
  }
}

function isAt(place: Place, { text, at }: Walk): boolean {
  if (place === 'start') return at === 0
  if (place === 'end') return at === text.length
  const isBorder = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at))
  return isBorder === (place === 'word-border')
}

/** NaN, outside of the text, is no part of a word. */
function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a)
}
