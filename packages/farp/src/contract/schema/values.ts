import { clean } from '../../text.ts'
import { compareBound } from './bounds.ts'
import { LOOSER, NARROWER, note, OTHER, UNCLEAR, WIDER } from './context.ts'
import type { Context, Flow } from './context.ts'
import type { Shape } from './side.ts'

/** A schema as it was and as it is. */
export interface Pair {
  readonly before: Shape
  readonly after: Shape
}

/** Types, `null`, listed values, formats, patterns and bounds. */
export function compareValues(pair: Pair, flow: Flow, context: Context): void {
  compareTypes(pair, flow, context)
  compareLists(pair, flow, context)
  compareFormats(pair, flow, context)
  compareBounds(pair, flow, context)
}

function compareTypes({ before, after }: Pair, flow: Flow, context: Context): void {
  const path = after.at
  if (before.isNullable !== after.isNullable && (before.types ?? after.types) !== undefined) {
    const description = after.isNullable ? 'the value may be null now' : 'the value may not be null any more'
    note(context, flow, { type: 'field_type_changed', path, description, severity: 'high', ...(after.isNullable ? WIDER : NARROWER) })
  }
  const severity = 'critical'
  if (before.types === undefined || after.types === undefined) {
    if (before.types === after.types) return
    const description =
      after.types === undefined ? 'the type is not said any more' : `the type is ${named(after.types)} now; it was not said before`
    const effects = after.types === undefined ? LOOSER : ({ request: 'unknown', response: 'safe' } as const)
    note(context, flow, { type: 'field_type_changed', path, description, severity: 'medium', ...effects })
    return
  }
  const lost = [...before.types].filter((type) => !covers(after.types!, type, flow))
  const gained = [...after.types].filter((type) => !covers(before.types!, type, flow))
  if (lost.length === 0 && gained.length === 0) return
  const effects = lost.length === 0 ? WIDER : gained.length === 0 ? NARROWER : OTHER
  const description = `the type changed from ${named(before.types)} to ${named(after.types)}`
  note(context, flow, { type: 'field_type_changed', path, description, severity, ...effects })
}

function covers(types: ReadonlySet<string>, type: string, { isText }: Flow): boolean {
  if (types.has(type) || (type === 'integer' && types.has('number'))) return true
  return isText && types.has('string') && type !== 'object' && type !== 'array'
}

function named(types: ReadonlySet<string>): string {
  return types.size === 0
    ? 'nothing'
    : [...types]
        .sort()
        .map((type) => clean(type, 40))
        .join(' or ')
}

function compareLists({ before, after }: Pair, flow: Flow, context: Context): void {
  const path = after.at
  if (before.values === undefined || after.values === undefined) {
    if (before.values === after.values) return
    const isNew = before.values === undefined
    const description = isNew
      ? `only ${listed(after.values!.keys())} is allowed now`
      : 'any value is possible now, not only those listed before'
    note(context, flow, {
      type: 'constraint_changed',
      path,
      description,
      severity: isNew ? 'high' : 'medium',
      ...(isNew ? NARROWER : LOOSER),
    })
    return
  }
  const removed = [...before.values.keys()].filter((value) => !after.values!.has(value))
  const added = [...after.values.keys()].filter((value) => !before.values!.has(value))
  for (const value of removed) {
    note(context, flow, {
      type: 'enum_value_removed',
      path,
      description: `the value ${shown(value)} is gone`,
      severity: 'high',
      ...NARROWER,
    })
  }
  for (const value of added) {
    // Some clients have a branch for values they do not know, some do not.
    const effects = before.isExtensible ? ({ request: 'safe', response: 'safe' } as const) : LOOSER
    note(context, flow, { type: 'enum_value_added', path, description: `the value ${shown(value)} is new`, severity: 'medium', ...effects })
  }
}

function listed(values: Iterable<string>): string {
  const all = [...values].sort()
  return all.length === 0 ? 'nothing' : `${all.slice(0, 5).map(shown).join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''}`
}

function shown(value: string): string {
  return clean(value, 100)
}

/** Formats of numbers by what they can hold. */
const HOLDS: Readonly<Record<string, readonly string[]>> = { int64: ['int32'], double: ['float', 'int32'], float: [] }

function compareFormats({ before, after }: Pair, flow: Flow, context: Context): void {
  const path = after.at
  const type = 'field_type_changed'
  const [old, now] = [[...before.formats].sort().join(' and '), [...after.formats].sort().join(' and ')]
  if (old !== now) {
    const description = `the format changed from ${clean(old, 100) || 'none'} to ${clean(now, 100) || 'none'}`
    const effects = old === '' ? NARROWER : now === '' ? LOOSER : holds(now, old) ? WIDER : holds(old, now) ? NARROWER : OTHER
    note(context, flow, { type, path, description, severity: old === '' ? 'medium' : 'high', ...effects })
  }
  const gone = [...before.patterns].filter((pattern) => !after.patterns.has(pattern))
  const come = [...after.patterns].filter((pattern) => !before.patterns.has(pattern))
  if (gone.length + come.length === 0) return
  const description = `the pattern changed from ${clean(gone.join(' and '), 200) || 'none'} to ${clean(come.join(' and '), 200) || 'none'}`
  // Whether one pattern accepts all that another one does is not decided here.
  const effects = gone.length === 0 ? NARROWER : come.length === 0 ? LOOSER : UNCLEAR
  note(context, flow, { type: 'constraint_changed', path, description, severity: 'medium', ...effects })
}

function holds(format: string, other: string): boolean {
  return Object.hasOwn(HOLDS, format) && HOLDS[format]!.includes(other)
}

function compareBounds({ before, after }: Pair, flow: Flow, context: Context): void {
  const path = after.at
  const type = 'constraint_changed'
  for (const word of new Set([...before.bounds.keys(), ...after.bounds.keys()])) {
    const old = before.bounds.get(word)
    const now = after.bounds.get(word)
    const became = compareBound(word, old, now)
    if (became === 'same') continue
    const text = (bound: typeof old): string => (bound === undefined ? 'none' : `${bound.isExclusive ? 'exclusive ' : ''}${bound.value}`)
    const effects = became === 'tighter' ? NARROWER : became === 'looser' ? LOOSER : ({ request: 'breaking', response: 'unknown' } as const)
    const description = `${word} changed from ${text(old)} to ${text(now)}`
    note(context, flow, { type, path, description, severity: became === 'looser' ? 'low' : 'medium', ...effects })
  }
  if (before.hasUniqueItems === after.hasUniqueItems) return
  const description = after.hasUniqueItems ? 'the items have to be unique now' : 'the items may repeat now'
  note(context, flow, { type, path, description, severity: 'medium', ...(after.hasUniqueItems ? NARROWER : LOOSER) })
}
