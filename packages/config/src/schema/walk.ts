import type * as v from 'valibot'
import type { Doc } from './keys.ts'
import type { LeafKind } from './leaf.ts'
import { nodeAt, textOf, type Node, type Path } from '../tree/node.ts'

/** Any schema, with the members the walker looks at. */
export interface AnySchema extends v.GenericSchema {
  readonly entries?: Readonly<Record<string, AnySchema>>
  readonly item?: AnySchema
  readonly wrapped?: AnySchema
  readonly default?: unknown
  readonly leaf?: LeafKind<unknown>
  readonly named?: NamedKind
  /** `false` may stand in the place of the map. */
  readonly orFalse?: true
  /** `true` or `false` may stand in the place of the list. */
  readonly orFlag?: true
  /** A text may stand in the place of the list. */
  readonly orText?: true
  /** The name of what stands in several places and is described once. */
  readonly shared?: string
  readonly pipe?: readonly { readonly kind: string; readonly metadata?: Doc }[]
}

/** Maps that are told apart by their `name`, each with options of its own; a name alone is a map without options. */
export interface NamedKind {
  readonly sections: Readonly<Record<string, AnySchema>>
  /** What a name that nobody has is refused with. */
  readonly stranger: AnySchema
}

/** The map of a name, however its words are joined. */
export function sectionOf<T>(
  sections: Readonly<Record<string, T>>,
  name: string,
): { readonly name: string; readonly schema: T } | undefined {
  const plain = name.replaceAll('-', '_')
  return Object.hasOwn(sections, plain) ? { name: plain, schema: sections[plain]! } : undefined
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

/** What a node is to be: where maps are told apart by name, the one that it names. */
export function schemaFor(schema: AnySchema, node: Node | undefined): AnySchema {
  const inner = unwrap(schema)
  if (inner.named === undefined) return inner
  const isMap = node?.kind === 'map'
  const name = textOf(isMap ? node.entries.get('name')?.value : node)
  const { sections, stranger } = inner.named
  const section = name === undefined ? undefined : sectionOf(sections, name)?.schema
  return section ?? (isMap ? ({ entries: { name: stranger } } as unknown as AnySchema) : stranger)
}

/** The schema at a path of keys and indexes in `root`, or `undefined` where the path leaves what is known. */
export function schemaAt(schema: AnySchema, path: Path, root: Node): AnySchema | undefined {
  let current: AnySchema = unwrap(schema)
  for (const [index, step] of path.entries()) {
    const next: AnySchema | undefined =
      typeof step === 'number'
        ? current.item
        : current.entries !== undefined && Object.hasOwn(current.entries, step)
          ? current.entries[step]
          : undefined
    if (next === undefined) return undefined
    current = schemaFor(next, nodeAt(root, path.slice(0, index + 1)))
  }
  return current
}

/** One key of the dialect. Lists show as `upstreams[]`, their maps by name as `middleware[cors]`. */
export interface KnownKey {
  readonly path: string
  readonly schema: AnySchema
  /** Whether it is a map or a list of maps, with keys of its own. */
  readonly group: boolean
}

/** Every key, depth first, in the order of the schema. What stands in several places shows its own keys in the first one. */
export function* knownKeys(schema: AnySchema, prefix = '', described = new Set<string>()): Generator<KnownKey> {
  for (const [key, child] of Object.entries(unwrap(schema).entries ?? {})) {
    const inner = unwrap(child)
    const path = prefix === '' ? key : `${prefix}.${key}`
    const item = inner.item === undefined ? undefined : unwrap(inner.item)
    const group = inner.entries !== undefined ? inner : item?.entries !== undefined || item?.named !== undefined ? item : undefined
    const label = item === undefined ? path : `${path}[]`
    yield { path: label, schema: child, group: group !== undefined }
    if (group?.shared !== undefined && described.has(group.shared)) continue
    if (group?.shared !== undefined) described.add(group.shared)
    for (const [name, section] of Object.entries(group?.named?.sections ?? {})) yield* knownKeys(section, `${path}[${name}]`, described)
    if (group?.entries !== undefined) yield* knownKeys(group, label, described)
  }
}
