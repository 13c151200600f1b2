import { isObject, ownText } from '../../json.ts'
import { isSame } from './same.ts'
import { LOOSER, NARROWER, note, UNCLEAR, WIDER } from './context.ts'
import type { ChangeEffect } from '../change.ts'
import type { Choice, Node, Shape } from './side.ts'
import type { Context, Flow } from './context.ts'
import type { Pair } from './values.ts'

const SAFE = { request: 'safe', response: 'safe' } as const

/** Whether a schema says something beside its choices. */
export function hasBase({ types, values, properties, items, bounds, patterns, formats, others }: Shape): boolean {
  const isSaid = types !== undefined || values !== undefined || items !== undefined || others !== undefined
  return isSaid || properties.size + bounds.size + patterns.size + formats.size > 0
}

/** Compares `anyOf` and `oneOf`. */
export function compareChoices(pair: Pair, flow: Flow, context: Context): void {
  const { before, after } = pair
  const [old, now] = [before.choices, after.choices]
  if (old.length === 0 && now.length === 0) return
  if (old.length === 1 && now.length === 1) compareBranches(old[0]!, now[0]!, flow, context)
  else if (old.length === 0 || now.length === 0) compareTurned(pair, flow, context)
  else if (old.length === now.length) old.forEach((choice, index) => compareBranches(choice, now[index]!, flow, context))
  else unclear(after.at, flow, context)
}

function unclear(path: string, flow: Flow, context: Context): void {
  const description = 'the variants changed in a way that cannot be judged'
  note(context, flow, { type: 'not_judged', path, description, severity: 'medium', ...UNCLEAR })
}

/** Each is compared with each of the other side; of more, each with the one in its place. */
const MOST_VARIANTS = 300

function compareBranches(old: Choice, now: Choice, flow: Flow, context: Context): void {
  if (old.word !== now.word) {
    // What fits two variants is refused by `oneOf`.
    const effects = now.word === 'oneOf' ? ({ request: 'unknown', response: 'safe' } as const) : LOOSER
    note(context, flow, {
      type: 'constraint_changed',
      path: now.at,
      description: `${old.word} became ${now.word}`,
      severity: 'medium',
      ...effects,
    })
  }
  if (Math.max(old.branches.length, now.branches.length) > MOST_VARIANTS) {
    if (old.branches.length !== now.branches.length) unclear(now.at, flow, context)
    else old.branches.forEach((branch, index) => context.compare([branch], [now.branches[index]!], flow, context))
    return
  }
  const { pairs, left, come } = matched(old.branches, now.branches, context)
  if (left.length === 1 && come.length === 1) pairs.push([left.pop()!, come.pop()!])
  for (const [previous, next] of pairs) context.compare([previous], [next], flow, context)
  const fits = (a: Node, b: Node): boolean => tried([a], [b], flow, context) === 'safe'
  for (const node of left) {
    const isCovered = flow.direction === 'request' && now.branches.some((branch) => fits(node, branch))
    const effects = isCovered ? SAFE : come.length === 0 ? NARROWER : ({ request: 'unknown', response: 'safe' } as const)
    const description = `the variant ${named(node)} is gone${isCovered ? ', and another one accepts its values' : ''}`
    note(context, flow, { type: 'variant_removed', path: node.at, description, severity: 'high', ...effects })
  }
  for (const node of come) {
    const isCovered = flow.direction === 'response' && old.branches.some((branch) => fits(branch, node))
    const effects = isCovered ? SAFE : left.length === 0 ? WIDER : LOOSER
    const description = `the variant ${named(node)} is new${isCovered ? ', and its values fit another one' : ''}`
    note(context, flow, { type: 'variant_added', path: node.at, description, severity: 'high', ...effects })
  }
}

interface Matches {
  readonly pairs: [Node, Node][]
  readonly left: Node[]
  readonly come: Node[]
}

/** Which variant is which: by reference, then by equality, then by title. */
function matched(old: readonly Node[], now: readonly Node[], context: Context): Matches {
  const pairs: [Node, Node][] = []
  const left = new Set(old)
  const come = new Set(now)
  const rules: ((a: Node, b: Node) => boolean)[] = [
    (a, b) => textOf(a, '$ref') !== undefined && textOf(a, '$ref') === textOf(b, '$ref'),
    (a, b) => isSame(a.value, b.value, context),
    (a, b) => textOf(a, 'title') !== undefined && textOf(a, 'title') === textOf(b, 'title'),
  ]
  // A list of thousands would be compared with itself.
  if (old.length * now.length > 400) rules.splice(1, 1)
  for (const rule of rules) {
    for (const a of left) {
      const b = [...come].find((candidate) => rule(a, candidate))
      if (b === undefined) continue
      pairs.push([a, b])
      left.delete(a)
      come.delete(b)
    }
  }
  return { pairs, left: [...left], come: [...come] }
}

function textOf({ value }: Node, name: string): string | undefined {
  return isObject(value) ? ownText(value, name) : undefined
}

function named(node: Node): string {
  return textOf(node, '$ref') ?? textOf(node, 'title') ?? `number ${Number(node.at.slice(node.at.lastIndexOf('/') + 1)) + 1}`
}

/** One schema became several, or several became one. */
function compareTurned({ before, after }: Pair, flow: Flow, context: Context): void {
  const isSplit = before.choices.length === 0
  const split = isSplit ? after : before
  const path = after.at
  if (hasBase(before) && hasBase(after)) {
    const description = isSplit ? 'one of several variants has to fit as well now' : 'no variant has to fit any more'
    const effects = isSplit ? ({ request: 'unknown', response: 'safe' } as const) : LOOSER
    note(context, flow, { type: 'constraint_changed', path, description, severity: 'medium', ...effects })
    return
  }
  if (split.choices.length > 1) {
    unclear(path, flow, context)
    return
  }
  const fits = split.choices[0]!.branches.map((branch) =>
    isSplit ? tried(before.nodes, [branch], flow, context) : tried([branch], after.nodes, flow, context),
  )
  // Of what has to go in, one variant is enough; of what may come out, each counts.
  const needsOne = isSplit === (flow.direction === 'request')
  const isSafe = needsOne ? fits.includes('safe') : fits.every((effect) => effect === 'safe')
  const type = isSplit ? 'variant_added' : 'variant_removed'
  const description = isSplit ? 'one schema became several variants' : 'several variants became one schema'
  const isBroken = !needsOne && fits.includes('safe')
  const effects = isSafe ? SAFE : isBroken ? (isSplit ? WIDER : NARROWER) : UNCLEAR
  note(context, flow, { type, path, description, severity: 'high', ...effects })
}

function tried(previous: readonly Node[], next: readonly Node[], flow: Flow, context: Context): ChangeEffect {
  return context.ledger.try((ledger) => context.compare(previous, next, flow, { ...context, ledger }))
}
