import { GRAMMAR } from './grammar.ts'
import { isObject, own, table } from '../json.ts'
import type { JsonObject } from '../json.ts'
import type { Kind, Member } from './grammar.ts'

/** What a walk does on its way. */
export interface Visitor {
  /** The object to copy in place of the one found. */
  before(node: JsonObject, kind: Kind): JsonObject
  /** Changes the copy. */
  after(copy: Record<string, unknown>, kind: Kind): void
  /** A reference as the merged document has it. */
  ref(ref: string, kind: Kind): string
}

/**
 * Copies an OpenAPI object along the grammar: references and names are met exactly where they are references and names, never in examples,
 * defaults or extensions. What stands where an object must be and is none is left out.
 */
export function walk(node: unknown, kind: Kind, visitor: Visitor): unknown {
  if (kind === 'schema' && typeof node === 'boolean') return node
  if (!isObject(node)) return undefined
  const source = visitor.before(node, kind)
  const copy = table<unknown>()
  const ref = own(source, '$ref')
  if (typeof ref === 'string' && kind !== 'schema') {
    copy['$ref'] = visitor.ref(ref, kind)
    for (const name of ['summary', 'description']) if (Object.hasOwn(source, name)) copy[name] = source[name]
    return copy
  }
  for (const [name, value] of Object.entries(source)) {
    const member = kind === 'callback' ? (name.startsWith('x-') ? undefined : PATH_ITEM) : memberOf(kind, name)
    const copied = member === undefined ? value : walkMember(value, member, visitor)
    if (copied !== undefined) copy[name] = copied
  }
  if (typeof ref === 'string') copy['$ref'] = visitor.ref(ref, kind)
  visitor.after(copy, kind)
  return copy
}

const PATH_ITEM: Member = { kind: 'pathItem', shape: 'one' }

function memberOf(kind: Kind, name: string): Member | undefined {
  return Object.hasOwn(GRAMMAR[kind], name) ? GRAMMAR[kind][name] : undefined
}

function walkMember(value: unknown, { kind, shape }: Member, visitor: Visitor): unknown {
  if (shape === 'one') {
    // A list of schemas under `items` is how older drafts write tuples.
    if (Array.isArray(value)) return kind === 'schema' ? walkList(value, kind, visitor) : undefined
    return walk(value, kind, visitor)
  }
  if (shape === 'list') return Array.isArray(value) ? walkList(value, kind, visitor) : undefined
  return isObject(value) ? walkTable(value, { kind, shape }, visitor) : undefined
}

function walkList(items: readonly unknown[], kind: Kind, visitor: Visitor): unknown[] {
  return items.map((item) => walk(item, kind, visitor)).filter((item) => item !== undefined)
}

function walkTable(value: JsonObject, { kind, shape }: Member, visitor: Visitor): JsonObject {
  const copy = table<unknown>()
  for (const [name, item] of Object.entries(value)) {
    const copied = shape === 'extended' && name.startsWith('x-') ? item : walk(item, kind, visitor)
    if (copied !== undefined) copy[name] = copied
  }
  return copy
}
