import { isObject, own, table } from '../json.ts'
import type { JsonObject } from '../json.ts'

/** How a member holds objects: one, a list, a table by name, or a table that may also hold `x-*` members. */
export interface Member<Kind extends string> {
  readonly kind: Kind
  readonly shape: 'one' | 'list' | 'table' | 'extended'
}

/** The objects of a language that hold others, references or names. Everything else is data and is never looked into. */
export interface Grammar<Kind extends string> {
  readonly members: Readonly<Record<Kind, Readonly<Record<string, Member<Kind>>>>>
  /** Kinds whose members, `x-*` apart, all hold the same. */
  readonly every?: Readonly<Partial<Record<Kind, Member<Kind>>>>
  /** What is kept beside a `$ref`; `all` where a reference is one member among others. */
  readonly besideRef: (kind: Kind) => 'all' | readonly string[]
  /** Kinds that may also be written as plain values, which are kept. */
  readonly plain?: ReadonlySet<Kind>
  /** The kind that an object really is, where its content decides; `undefined` for data that is not looked into. */
  readonly narrow?: (node: JsonObject, kind: Kind) => Kind | undefined
}

/** What a walk does on its way. */
export interface Visitor<Kind extends string> {
  readonly grammar: Grammar<Kind>
  /** The object to copy in place of the one found. */
  before(node: JsonObject, kind: Kind): JsonObject
  /** Changes the copy. */
  after(copy: Record<string, unknown>, kind: Kind): void
  /** A reference as the merged document has it. */
  ref(ref: string, kind: Kind): string
}

/**
 * Copies an object along the grammar: references and names are met exactly where they are references and names, never in examples, defaults or
 * extensions. What stands where an object must be and is none is left out.
 */
export function walk<Kind extends string>(node: unknown, wanted: Kind, visitor: Visitor<Kind>): unknown {
  if (typeof node === 'boolean' && isSchema(wanted)) return node
  const { grammar } = visitor
  if (!isObject(node)) return grammar.plain?.has(wanted) === true ? node : undefined
  const kind = grammar.narrow === undefined ? wanted : grammar.narrow(node, wanted)
  if (kind === undefined) return node
  const source = visitor.before(node, kind)
  const copy = table<unknown>()
  const ref = own(source, '$ref')
  const beside = grammar.besideRef(kind)
  if (typeof ref === 'string' && beside !== 'all') {
    copy['$ref'] = visitor.ref(ref, kind)
    for (const name of beside) if (Object.hasOwn(source, name)) copy[name] = source[name]
    return copy
  }
  const every = grammar.every?.[kind]
  const members = grammar.members[kind]
  for (const [name, value] of Object.entries(source)) {
    const member = Object.hasOwn(members, name) ? members[name] : name.startsWith('x-') ? undefined : every
    const copied = member === undefined ? value : walkMember(value, member, visitor)
    if (copied !== undefined) copy[name] = copied
  }
  if (typeof ref === 'string') copy['$ref'] = visitor.ref(ref, kind)
  visitor.after(copy, kind)
  return copy
}

/** `true` and `false` are schemas. */
function isSchema(kind: string): boolean {
  return kind === 'schema' || kind === 'payload'
}

function walkMember<Kind extends string>(value: unknown, member: Member<Kind>, visitor: Visitor<Kind>): unknown {
  const { kind, shape } = member
  if (shape === 'one') {
    // A list of schemas under `items` is how older drafts write tuples.
    if (Array.isArray(value) && visitor.grammar.plain?.has(kind) !== true)
      return isSchema(kind) ? walkList(value, kind, visitor) : undefined
    return walk(value, kind, visitor)
  }
  if (shape === 'list') return Array.isArray(value) ? walkList(value, kind, visitor) : undefined
  return isObject(value) ? walkTable(value, member, visitor) : undefined
}

function walkList<Kind extends string>(items: readonly unknown[], kind: Kind, visitor: Visitor<Kind>): unknown[] {
  return items.map((item) => walk(item, kind, visitor)).filter((item) => item !== undefined)
}

function walkTable<Kind extends string>(value: JsonObject, { kind, shape }: Member<Kind>, visitor: Visitor<Kind>): JsonObject {
  const copy = table<unknown>()
  for (const [name, item] of Object.entries(value)) {
    const copied = shape === 'extended' && name.startsWith('x-') ? item : walk(item, kind, visitor)
    if (copied !== undefined) copy[name] = copied
  }
  return copy
}

/** Makers of members, for grammars. */
export function members<Kind extends string>(): {
  one: (kind: Kind) => Member<Kind>
  list: (kind: Kind) => Member<Kind>
  named: (kind: Kind) => Member<Kind>
  extended: (kind: Kind) => Member<Kind>
} {
  const make = (shape: Member<Kind>['shape']) => (kind: Kind) => ({ kind, shape })
  return { one: make('one'), list: make('list'), named: make('table'), extended: make('extended') }
}
