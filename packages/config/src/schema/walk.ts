import type * as v from 'valibot'
import type { Doc } from './keys.ts'
import type { LeafKind } from './leaf.ts'

/** Any schema, with the members the walker looks at. */
export interface AnySchema extends v.GenericSchema {
  readonly entries?: Readonly<Record<string, AnySchema>>
  readonly item?: AnySchema
  readonly wrapped?: AnySchema
  readonly default?: unknown
  readonly leaf?: LeafKind<unknown>
  readonly pipe?: readonly { readonly kind: string; readonly metadata?: Doc }[]
}

/** The schema inside `optional`. */
export function unwrap(schema: AnySchema): AnySchema {
  return schema.wrapped === undefined ? schema : unwrap(schema.wrapped)
}

/** What a key is documented with, or nothing. */
export function docOf(schema: AnySchema): Doc | undefined {
  const inner = unwrap(schema)
  return inner.pipe?.findLast((item) => item.kind === 'metadata')?.metadata
}

/** The schema at a path of keys and indexes, or `undefined` where the path leaves what is known. */
export function schemaAt(schema: AnySchema, path: readonly (string | number)[]): AnySchema | undefined {
  let current: AnySchema | undefined = unwrap(schema)
  for (const step of path) {
    const next: AnySchema | undefined =
      typeof step === 'number'
        ? current.item
        : current.entries !== undefined && Object.hasOwn(current.entries, step)
          ? current.entries[step]
          : undefined
    if (next === undefined) return undefined
    current = unwrap(next)
  }
  return current
}

/** One key of the dialect. Lists show as `upstreams[]`. */
export interface KnownKey {
  readonly path: string
  readonly schema: AnySchema
  /** Whether it is a map or a list of maps, with keys of its own. */
  readonly group: boolean
}

/** Every key, depth first, in the order of the schema. */
export function* knownKeys(schema: AnySchema, prefix = ''): Generator<KnownKey> {
  for (const [key, child] of Object.entries(unwrap(schema).entries ?? {})) {
    const inner = unwrap(child)
    const path = prefix === '' ? key : `${prefix}.${key}`
    const item = inner.item === undefined ? undefined : unwrap(inner.item)
    const group = inner.entries !== undefined ? inner : item?.entries !== undefined ? item : undefined
    const label = item === undefined ? path : `${path}[]`
    yield { path: label, schema: child, group: group !== undefined }
    if (group !== undefined) yield* knownKeys(group, label)
  }
}
