import { isObject, own, ownList, ownObject, ownText } from '../../json.ts'
import { child, children, items, target } from './side.ts'
import { boundsOf, joinBounds } from './bounds.ts'
import type { JsonObject } from '../../json.ts'
import type { Choice, Node, Shape, Side } from './side.ts'

/** Words that limit values, but cannot be compared by inclusion. */
const REST = [
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependentRequired',
  'dependencies',
  'patternProperties',
  'propertyNames',
  'contains',
  'minContains',
  'maxContains',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  '$dynamicRef',
  '$recursiveRef',
  'discriminator',
] as const

/** What a schema is put together from: the schemas whose conditions all have to hold. */
interface Parts {
  readonly parts: readonly { readonly schema: JsonObject; readonly at: string }[]
  readonly isNever: boolean
  readonly lost: readonly string[]
  readonly isCut: boolean
}

/** Reads the schemas at these nodes as one: all of them have to hold. */
export function shapeOf(nodes: readonly Node[], side: Side, limit: number): Shape {
  const only = nodes.length === 1 && isObject(nodes[0]!.value) ? nodes[0]!.value : undefined
  const known = only === undefined ? undefined : side.shapes.get(only)
  if (known !== undefined) return known.at === nodes[0]!.at ? known : { ...known, at: nodes[0]!.at, nodes }
  const shape = readShape(nodes, side, limit)
  if (only !== undefined) side.shapes.set(only, shape)
  return shape
}

function readShape(nodes: readonly Node[], side: Side, limit: number): Shape {
  const { parts, isNever, lost, isCut } = partsOf(nodes, side, limit)
  const schemas = parts.map(({ schema }) => schema)
  const declared = schemas.map(typesOf).filter((types) => types !== undefined)
  const types = declared.length === 0 ? undefined : declared.reduce(narrowed)
  const enums = schemas.map(valuesOf).filter((values) => values !== undefined)
  const values = enums.length === 0 ? undefined : enums.reduce((a, b) => new Map([...a].filter(([key]) => b.has(key))))
  const inferred = types ?? (values === undefined ? inferredFrom(schemas) : typesAmong(values))
  const isDeclaredNullable = schemas.some((schema) => (side.dialect.isOld && own(schema, 'nullable') === true) || hasNullBranch(schema))
  const members = parts.map(({ schema, at }) => ({ value: schema, at }))
  return {
    at: nodes[0]?.at ?? '',
    nodes,
    isNever,
    types: inferred === undefined ? undefined : new Set([...inferred].filter((type) => type !== 'null')),
    isNullable:
      isDeclaredNullable ||
      (types?.has('null') === true ? (values?.has('null') ?? true) : types === undefined && values?.has('null') === true),
    values: values === undefined ? undefined : new Map([...values].filter(([key]) => key !== 'null')),
    isExtensible: schemas.some((schema) => Object.hasOwn(schema, 'x-extensible-enum')),
    formats: texts(schemas, 'format'),
    patterns: texts(schemas, 'pattern'),
    bounds: schemas.map(boundsOf).reduce(joinBounds, new Map()),
    hasUniqueItems: schemas.some((schema) => own(schema, 'uniqueItems') === true),
    properties: propertiesOf(members),
    required: new Set(schemas.flatMap((schema) => ownList(schema, 'required').filter((name) => typeof name === 'string'))),
    others: othersOf(members),
    items: itemsOf(members),
    choices: members.flatMap(choicesOf),
    isReadOnly: schemas.some((schema) => own(schema, 'readOnly') === true),
    isWriteOnly: schemas.some((schema) => own(schema, 'writeOnly') === true),
    isDeprecated: schemas.some((schema) => own(schema, 'deprecated') === true),
    default: schemas.filter((schema) => Object.hasOwn(schema, 'default')).map((schema) => JSON.stringify(schema['default']))[0],
    rest: schemas.flatMap((schema) => [
      ...REST.filter((word) => Object.hasOwn(schema, word)).map((word) => [word, schema[word]] as const),
      ...tuples(schema),
    ]),
    lost,
    isCut,
  }
}

/** Entries of all shapes of a document; a schema beyond them is not looked into. A large one may be a part of thousands. */
const MOST_ENTRIES = 1_000_000

/** What of a schema is copied into its shape. */
function entriesOf(schema: JsonObject): number {
  const { length } = ownList(schema, 'enum')
  return 1 + length + ownList(schema, 'required').length + Object.keys(ownObject(schema, 'properties') ?? {}).length
}

function partsOf(nodes: readonly Node[], { document, dialect, read }: Side, limit: number): Parts {
  const parts: { schema: JsonObject; at: string }[] = []
  const seen = new Set<unknown>()
  const lost: string[] = []
  let isNever = false
  const pending = nodes.toReversed()
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { value, at } = node
    if (value === false) isNever = true
    if (!isObject(value) || seen.has(value)) continue
    read.entries += entriesOf(value)
    if (seen.size >= limit || read.entries > MOST_ENTRIES) return { parts: [], isNever, lost, isCut: true }
    seen.add(value)
    const ref = ownText(value, '$ref')
    if (ref !== undefined) {
      const found = target(ref, document)
      if (found === undefined) lost.push(ref)
      else pending.push(found)
      if (!dialect.hasRefSiblings) continue
    }
    parts.push({ schema: value, at })
    for (const branch of items(child(node, 'allOf')).toReversed()) pending.push(branch)
    const only = onlyBranch(node)
    if (only !== undefined) pending.push(only)
  }
  return { parts, isNever, lost, isCut: false }
}

function isNull({ value }: Node): boolean {
  return (
    isObject(value) &&
    (value['type'] === 'null' || (Array.isArray(value['type']) && value['type'].length === 1 && value['type'][0] === 'null'))
  )
}

/** `anyOf: [X, null]` is X that may be null, and a choice of one is no choice. */
function onlyBranch(node: Node): Node | undefined {
  for (const word of ['anyOf', 'oneOf'] as const) {
    const branches = items(child(node, word)).filter((branch) => !isNull(branch))
    if (branches.length === 1) return branches[0]
  }
  return undefined
}

function hasNullBranch(schema: JsonObject): boolean {
  return (['anyOf', 'oneOf'] as const).some((word) => items(child({ value: schema, at: '' }, word)).some(isNull))
}

function choicesOf(node: Node): Choice[] {
  return (['anyOf', 'oneOf'] as const).flatMap((word) => {
    const list = child(node, word)
    const branches = items(list).filter((branch) => !isNull(branch))
    return branches.length < 2 ? [] : [{ word, at: list!.at, branches }]
  })
}

function typesOf(schema: JsonObject): ReadonlySet<string> | undefined {
  const type = own(schema, 'type')
  const named = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string')
  return named.length === 0 ? undefined : new Set(named)
}

function narrowed(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  const both = new Set<string>()
  for (const type of a) {
    if (b.has(type)) both.add(type)
    else if (type === 'integer' && b.has('number')) both.add(type)
    else if (type === 'number' && b.has('integer')) both.add('integer')
  }
  return both
}

function inferredFrom(schemas: readonly JsonObject[]): ReadonlySet<string> | undefined {
  const has = (...words: readonly string[]): boolean => schemas.some((schema) => words.some((word) => Object.hasOwn(schema, word)))
  if (has('properties', 'required', 'additionalProperties')) return new Set(['object'])
  return has('items', 'prefixItems') ? new Set(['array']) : undefined
}

function valuesOf(schema: JsonObject): ReadonlyMap<string, string> | undefined {
  const list = Object.hasOwn(schema, 'const') ? [schema['const']] : own(schema, 'enum')
  if (!Array.isArray(list)) return undefined
  return new Map(list.map((value: unknown) => [JSON.stringify(value) ?? 'null', typeName(value)]))
}

function typesAmong(values: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set(values.values())
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value
}

function texts(schemas: readonly JsonObject[], word: string): ReadonlySet<string> {
  return new Set(schemas.map((schema) => ownText(schema, word)).filter((text) => text !== undefined))
}

function propertiesOf(members: readonly Node[]): ReadonlyMap<string, readonly Node[]> {
  const properties = new Map<string, Node[]>()
  for (const member of members) {
    for (const [name, node] of children(child(member, 'properties'))) properties.set(name, [...(properties.get(name) ?? []), node])
  }
  return properties
}

function othersOf(members: readonly Node[]): readonly Node[] | false | undefined {
  const all = members.flatMap((member) =>
    [child(member, 'additionalProperties') ?? [], child(member, 'unevaluatedProperties') ?? []].flat(),
  )
  if (all.some(({ value }) => value === false)) return false
  const schemas = all.filter(({ value }) => isObject(value) && Object.keys(value).length > 0)
  return schemas.length === 0 ? undefined : schemas
}

function itemsOf(members: readonly Node[]): readonly Node[] | undefined {
  const all = members.flatMap((member) => child(member, 'items') ?? []).filter(({ value }) => !Array.isArray(value))
  return all.length === 0 ? undefined : all
}

/** A list under `items` is how older drafts write tuples. */
function tuples(schema: JsonObject): (readonly [string, unknown])[] {
  return Array.isArray(own(schema, 'items')) ? [['items', schema['items']]] : []
}
