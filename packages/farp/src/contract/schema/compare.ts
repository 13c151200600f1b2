import { clean } from '../../text.ts'
import { compareChoices, hasBase } from './choices.ts'
import { compareMembers } from './members.ts'
import { compareValues } from './values.ts'
import { isSame } from './same.ts'
import { LOOSER, NARROWER, note, UNCLEAR, WIDER } from './context.ts'
import { shapeOf } from './shape.ts'
import type { Context, Flow } from './context.ts'
import type { Node } from './side.ts'
import type { Pair } from './values.ts'

/** Compares what a value had to be with what it has to be: on each side all the nodes have to hold. Each pair is compared once. */
export function compareSchemas(previous: readonly Node[], next: readonly Node[], flow: Flow, context: Context): void {
  const key = `${flow.direction} ${flow.isText ? 'text' : 'json'} ${places(previous)} ${places(next)}`
  context.ledger.once(key, () => {
    const pair = { before: shapeOf(previous, context.previous, context.parts), after: shapeOf(next, context.next, context.parts) }
    compareShapes(pair, flow, context)
  })
}

/** Compares a schema that may be absent: then any value goes. */
export function compareMaybe(previous: Node | undefined, next: Node | undefined, flow: Flow, context: Context): void {
  if (previous === undefined && next === undefined) return
  const at = (next ?? previous)!.at
  compareSchemas([previous ?? { value: true, at }], [next ?? { value: true, at }], flow, context)
}

function places(nodes: readonly Node[]): string {
  return nodes.map(({ at, value }) => (typeof value === 'boolean' ? `${String(value)}@${at}` : at)).join(' & ')
}

function compareShapes(pair: Pair, flow: Flow, context: Context): void {
  const { before, after } = pair
  const path = after.at
  noteLost(pair, flow, context)
  if (before.isNever || after.isNever) {
    if (before.isNever === after.isNever) return
    const description = after.isNever ? 'no value is allowed any more' : 'a value is possible where none was before'
    note(context, flow, { type: 'field_type_changed', path, description, severity: 'high', ...(after.isNever ? NARROWER : WIDER) })
    return
  }
  // A schema that became one of several, or the other way round: the choice is compared, not what is beside it.
  const isTurned = (before.choices.length === 0) !== (after.choices.length === 0) && !(hasBase(before) && hasBase(after))
  if (!isTurned) {
    compareValues(pair, flow, context)
    compareMembers(pair, flow, context)
  }
  compareChoices(pair, flow, context)
  compareRest(pair, flow, context)
  if (before.default !== after.default && flow.direction === 'request') {
    const text = (value: string | undefined): string => clean(value ?? 'none', 100)
    const description = `the default changed from ${text(before.default)} to ${text(after.default)}`
    // A first default only says what the service did before.
    const effects = before.default === undefined ? ({ request: 'safe', response: 'safe' } as const) : UNCLEAR
    note(context, flow, { type: 'default_changed', path, description, severity: 'medium', ...effects })
  }
  if (!before.isDeprecated && after.isDeprecated) {
    note(context, flow, {
      type: 'deprecated',
      path,
      description: 'it is deprecated now',
      severity: 'low',
      request: 'safe',
      response: 'safe',
    })
  }
}

/** What is only compared for being equal. */
function compareRest({ before, after }: Pair, flow: Flow, context: Context): void {
  if (before.rest.length === 0 && after.rest.length === 0) return
  const left = after.rest.filter(([word, value]) => !before.rest.some(([other, old]) => other === word && isSame(old, value, context)))
  const gone = before.rest.filter(([word, value]) => !after.rest.some(([other, now]) => other === word && isSame(value, now, context)))
  for (const word of new Set([...left, ...gone].map(([name]) => name))) {
    const [isNew, isGone] = [!gone.some(([name]) => name === word), !left.some(([name]) => name === word)]
    const description = `${word} ${isNew ? 'is new' : isGone ? 'is gone' : 'changed'}, and what that means for values cannot be told`
    // One condition more only makes less possible, one condition less only more; of `if` and its companions not even that is known.
    const isPlain = !['if', 'then', 'else', 'discriminator', 'contentSchema', 'additionalItems'].includes(word)
    const effects = isPlain && isNew ? ({ request: 'unknown', response: 'safe' } as const) : isPlain && isGone ? LOOSER : UNCLEAR
    note(context, flow, { type: 'not_judged', path: after.at, description, severity: 'medium', ...effects })
  }
}

/** A reference that leads nowhere leaves the schema unknown, unless nothing changed about it. */
function noteLost({ before, after }: Pair, flow: Flow, context: Context): void {
  const isForeign = [...before.lost, ...after.lost].some((ref) => !ref.startsWith('#'))
  if (before.isCut || after.isCut || listed(before.lost) !== listed(after.lost) || isForeign) {
    const lost = [...new Set([...before.lost, ...after.lost])].map((ref) => clean(ref, 200)).join(', ')
    const description =
      before.isCut || after.isCut
        ? 'the schema has too many parts to be compared'
        : `what ${lost} refers to is not in the document and was not compared`
    note(context, flow, { type: 'not_judged', path: after.at, description, severity: 'medium', ...UNCLEAR })
  }
}

function listed(refs: readonly string[]): string {
  return [...new Set(refs)].sort().join(' ')
}
