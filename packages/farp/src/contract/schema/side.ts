import { isObject, ownText } from '../../json.ts'
import { pointerTokens, resolvePointer } from '../../adapters/openapi.ts'
import { step } from '../pointer.ts'
import type { Bounds } from './bounds.ts'
import type { JsonObject } from '../../json.ts'

/** How a document writes schemas. */
export interface Dialect {
  /** OpenAPI 3.0: `nullable`, boolean `exclusiveMinimum`. */
  readonly isOld: boolean
  /** Whether members beside `$ref` count, as since JSON Schema 2019-09. */
  readonly hasRefSiblings: boolean
}

/** Something in a document, and where it stands. */
export interface Node {
  readonly value: unknown
  /** A JSON pointer. */
  readonly at: string
}

/** `anyOf` or `oneOf`. */
export interface Choice {
  readonly word: 'anyOf' | 'oneOf'
  readonly at: string
  readonly branches: readonly Node[]
}

/** A schema with everything it is put together from, `allOf` and references followed. */
export interface Shape {
  readonly at: string
  /** What it was read from. */
  readonly nodes: readonly Node[]
  /** Accepts nothing: `false`. */
  readonly isNever: boolean
  /** JSON types without `null`; `undefined` where the schema does not say. */
  readonly types: ReadonlySet<string> | undefined
  readonly isNullable: boolean
  /** By their JSON text, without `null`; `undefined` where any value goes. */
  readonly values: ReadonlyMap<string, string> | undefined
  /** Clients were told to expect more values (`x-extensible-enum`). */
  readonly isExtensible: boolean
  readonly formats: ReadonlySet<string>
  readonly patterns: ReadonlySet<string>
  readonly bounds: Bounds
  readonly hasUniqueItems: boolean
  readonly properties: ReadonlyMap<string, readonly Node[]>
  readonly required: ReadonlySet<string>
  /** What members beside the properties may be: anything (`undefined`), nothing (`false`), or what these schemas say. */
  readonly others: readonly Node[] | false | undefined
  readonly items: readonly Node[] | undefined
  readonly choices: readonly Choice[]
  readonly isReadOnly: boolean
  readonly isWriteOnly: boolean
  readonly isDeprecated: boolean
  /** JSON text, or `undefined` for none. */
  readonly default: string | undefined
  /** Words that are compared for equality alone. */
  readonly rest: readonly (readonly [word: string, value: unknown])[]
  /** References that lead nowhere, or out of the document. */
  readonly lost: readonly string[]
  /** There were more parts than are looked at. */
  readonly isCut: boolean
}

/** One of the two documents. */
export interface Side {
  readonly document: JsonObject
  readonly dialect: Dialect
  /** Schemas that were read: the same one is met again and again. */
  readonly shapes: WeakMap<object, Shape>
  /** Entries that were read for shapes so far: each holds those of all schemas that it is put together from. */
  readonly read: { entries: number }
}

/** A document as a side of a comparison. */
export function sideOf(document: JsonObject, dialect: Dialect): Side {
  return { document, dialect, shapes: new WeakMap(), read: { entries: 0 } }
}

/** A member of a node. */
export function child({ value, at }: Node, name: string): Node | undefined {
  if (!isObject(value) || !Object.hasOwn(value, name) || value[name] === undefined) return undefined
  return { value: value[name], at: step(at, name) }
}

/** The members of a node that is a table. */
export function children(node: Node | undefined): ReadonlyMap<string, Node> {
  if (node === undefined || !isObject(node.value)) return new Map()
  return new Map(Object.entries(node.value).map(([name, value]) => [name, { value, at: step(node.at, name) }]))
}

/** The items of a node that is a list. */
export function items(node: Node | undefined): readonly Node[] {
  if (node === undefined || !Array.isArray(node.value)) return []
  return node.value.map((value: unknown, index) => ({ value, at: step(node.at, index) }))
}

/** What a reference leads to, references to references included; `undefined` when it leads nowhere, out of the document, or in a circle. */
export function resolve(node: Node | undefined, { document }: Side): Node | undefined {
  let current = node
  for (let steps = 0; steps < 32; steps++) {
    if (current === undefined || !isObject(current.value)) return current
    const ref = ownText(current.value, '$ref')
    if (ref === undefined) return current
    current = target(ref, document)
  }
  return undefined
}

/** What one local reference leads to. */
export function target(ref: string, document: JsonObject): Node | undefined {
  const value = resolvePointer(document, ref)
  return value === undefined ? undefined : { value, at: step('', ...pointerTokens(ref)) }
}
