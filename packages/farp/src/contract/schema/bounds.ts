import { own } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

/** A limit for a value, a length or a number of things. */
export interface Bound {
  readonly value: number
  /** The value itself is outside. */
  readonly isExclusive: boolean
}

/** By the word that sets them: `minimum`, `maxLength`… */
export type Bounds = ReadonlyMap<string, Bound>

const LOWER = ['minimum', 'minLength', 'minItems', 'minProperties'] as const
const UPPER = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const

/** The bounds of one schema, exclusive ones in both ways of writing them. */
export function boundsOf(schema: JsonObject): Bounds {
  const bounds = new Map<string, Bound>()
  for (const word of [...LOWER, ...UPPER, 'multipleOf'] as const) {
    const value = own(schema, word)
    const exclusive =
      word === 'minimum' ? own(schema, 'exclusiveMinimum') : word === 'maximum' ? own(schema, 'exclusiveMaximum') : undefined
    const found: Bound[] = []
    if (typeof value === 'number') found.push({ value, isExclusive: exclusive === true })
    if (typeof exclusive === 'number') found.push({ value: exclusive, isExclusive: true })
    const bound = found.length === 0 ? undefined : found.reduce((a, b) => tighter(word, a, b))
    // A length is never below 0: this bound says nothing.
    if (bound !== undefined && !(word.startsWith('min') && word !== 'minimum' && bound.value <= 0)) bounds.set(word, bound)
  }
  return bounds
}

/** The bounds of two schemas that both hold. */
export function joinBounds(a: Bounds, b: Bounds): Bounds {
  const joined = new Map(a)
  for (const [word, bound] of b) {
    const other = joined.get(word)
    joined.set(word, other === undefined ? bound : tighter(word, other, bound))
  }
  return joined
}

/** What became of a bound: `tighter`, `looser`, `other` when neither includes the other, `same`. */
export function compareBound(word: string, previous: Bound | undefined, next: Bound | undefined): 'tighter' | 'looser' | 'other' | 'same' {
  if (previous === undefined || next === undefined) return previous === next ? 'same' : previous === undefined ? 'tighter' : 'looser'
  if (previous.value === next.value && previous.isExclusive === next.isExclusive) return 'same'
  if (word !== 'multipleOf') return tighter(word, previous, next) === next ? 'tighter' : 'looser'
  if (isMultiple(next.value, previous.value)) return 'tighter'
  return isMultiple(previous.value, next.value) ? 'looser' : 'other'
}

function tighter(word: string, a: Bound, b: Bound): Bound {
  if (a.value === b.value) return b.isExclusive ? b : a
  if (word === 'multipleOf') return a.value > b.value ? a : b
  return (LOWER as readonly string[]).includes(word) === a.value > b.value ? a : b
}

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of
  return Math.abs(quotient - Math.round(quotient)) < 1e-9
}
