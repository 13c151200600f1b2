import { readPattern } from './syntax.ts'
import type { Characters } from './characters.ts'
import type { Node, Place } from './syntax.ts'

/** One step of a program. */
export type Step =
  | { readonly op: 'characters'; readonly set: Uint8Array }
  /** Both ways, `first` preferred. */
  | { readonly op: 'fork'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'place'; readonly place: Place }
  | { readonly op: 'match' }

/** A pattern as a machine runs it. */
export interface Program {
  readonly steps: readonly Step[]
  /** Two per group: where it begins and where it ends. */
  readonly slots: number
  readonly names: ReadonlyMap<string, number>
}

/** Steps of the longest program: repeats of repeats multiply. */
const MOST_STEPS = 1_000

/** Makes a program of a pattern. Throws `TypeError` with the reason when there is none. */
export function compilePattern(pattern: string): Program {
  const { node, groups, names } = readPattern(pattern)
  const steps: Step[] = []
  emit({ kind: 'group', node, index: 0 }, steps)
  push(steps, { op: 'match' })
  return { steps, slots: groups * 2, names }
}

function push(steps: Step[], step: Step): number {
  if (steps.length >= MOST_STEPS) throw new TypeError('it is too large: its repeats multiply')
  return steps.push(step) - 1
}

function emit(node: Node, steps: Step[]): void {
  switch (node.kind) {
    case 'characters':
      push(steps, { op: 'characters', set: bitmap(node.set) })
      return
    case 'place':
      push(steps, { op: 'place', place: node.place })
      return
    case 'sequence':
      for (const one of node.nodes) emit(one, steps)
      return
    case 'group':
      push(steps, { op: 'save', slot: node.index * 2 })
      emit(node.node, steps)
      push(steps, { op: 'save', slot: node.index * 2 + 1 })
      return
    case 'choice':
      return emitChoice(node.nodes, steps)
    case 'repeat':
      return emitRepeat(node, steps)
  }
}

function emitChoice(nodes: readonly Node[], steps: Step[]): void {
  const jumps: { to: number }[] = []
  nodes.forEach((node, index) => {
    if (index === nodes.length - 1) return emit(node, steps)
    const fork: Step = { op: 'fork', first: 0, second: 0 }
    fork.first = push(steps, fork) + 1
    emit(node, steps)
    const jump: Step = { op: 'jump', to: 0 }
    push(steps, jump)
    jumps.push(jump)
    fork.second = steps.length
  })
  for (const jump of jumps) jump.to = steps.length
}

function emitRepeat({ node, min, max, isGreedy }: Extract<Node, { kind: 'repeat' }>, steps: Step[]): void {
  for (let i = 0; i < min; i++) {
    const before = steps.length
    emit(node, steps)
    // Nothing, once more, is nothing: repeats of it inside each other would be counted out in years.
    if (steps.length === before) break
  }
  if (max === Infinity) {
    const loop = fork(steps)
    emit(node, steps)
    push(steps, { op: 'jump', to: loop.at })
    close(loop, isGreedy, steps.length)
    return
  }
  const forks = []
  for (let i = min; i < max; i++) {
    forks.push(fork(steps))
    emit(node, steps)
  }
  for (const one of forks) close(one, isGreedy, steps.length)
}

interface Fork {
  readonly at: number
  readonly step: { first: number; second: number }
}

function fork(steps: Step[]): Fork {
  const step = { op: 'fork' as const, first: 0, second: 0 }
  return { at: push(steps, step), step }
}

function close({ at, step }: Fork, isGreedy: boolean, end: number): void {
  step.first = isGreedy ? at + 1 : end
  step.second = isGreedy ? end : at + 1
}

function bitmap(set: Characters): Uint8Array {
  const map = new Uint8Array(128)
  for (const code of set) map[code] = 1
  return map
}
