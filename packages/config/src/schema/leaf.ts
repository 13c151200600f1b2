import * as v from 'valibot'

/** Why a value is not taken, for people, and under which code. */
export class Refusal {
  readonly message: string
  readonly code: string

  constructor(message: string, code = 'invalid_value') {
    this.message = message
    this.code = code
  }
}

/** One kind of value: how it is read, described and shown in an editor. */
export interface LeafKind<T> {
  /** For the reference: `duration`, `port`. */
  readonly name: string
  readonly json: Readonly<Record<string, unknown>>
  /** A plain scalar such as `1.10` or `true` is taken as the text that was written. */
  readonly text?: boolean
  /** The value is never shown, not even in an error. */
  readonly secret?: boolean
  /** `shown` is the value as it may be printed. */
  parse(value: unknown, shown: string): T | Refusal
}

/** A schema for one kind of value. */
export type Leaf<T> = v.GenericSchema<unknown, T> & { readonly leaf: LeafKind<T> }

/** Makes the schema of a kind. It validates and transforms in one step, so that JSON Schema and reference see one object. */
export function leaf<T>(kind: LeafKind<T>): Leaf<T> {
  const run = v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const parsed = kind.parse(dataset.value, show(dataset.value))
      if (!(parsed instanceof Refusal)) return parsed
      addIssue({ message: parsed.message })
      return NEVER
    }),
  )
  return Object.assign(v.unknown(), { '~run': run['~run'], leaf: kind }) as unknown as Leaf<T>
}

/** A value for an error message: quoted, cut, and never a whole map. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
