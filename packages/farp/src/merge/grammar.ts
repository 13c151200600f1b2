/** The objects of an OpenAPI document that hold others, references or names. Everything else is data and is never looked into. */
export type Kind =
  | 'schema'
  | 'response'
  | 'parameter'
  | 'example'
  | 'requestBody'
  | 'header'
  | 'securityScheme'
  | 'link'
  | 'callback'
  | 'pathItem'
  | 'operation'
  | 'mediaType'
  | 'encoding'

/** How a member holds objects: one, a list, a table by name, or a table that may also hold `x-*` members. */
export interface Member {
  readonly kind: Kind
  readonly shape: 'one' | 'list' | 'table' | 'extended'
}

const one = (kind: Kind): Member => ({ kind, shape: 'one' })
const list = (kind: Kind): Member => ({ kind, shape: 'list' })
const named = (kind: Kind): Member => ({ kind, shape: 'table' })
const extended = (kind: Kind): Member => ({ kind, shape: 'extended' })

const schemaMembers: Record<string, Member> = {}
for (const name of ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']) schemaMembers[name] = named('schema')
for (const name of ['allOf', 'anyOf', 'oneOf', 'prefixItems']) schemaMembers[name] = list('schema')
for (const name of [
  'items',
  'additionalProperties',
  'additionalItems',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contains',
  'propertyNames',
]) {
  schemaMembers[name] = one('schema')
}
for (const name of ['not', 'if', 'then', 'else', 'contentSchema']) schemaMembers[name] = one('schema')

const parameterMembers = { schema: one('schema'), content: named('mediaType'), examples: named('example') }
const operations = Object.fromEntries(
  ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'].map((method) => [method, one('operation')]),
)

/** The members of each kind that hold other objects. */
export const GRAMMAR: Readonly<Record<Kind, Readonly<Record<string, Member>>>> = {
  schema: schemaMembers,
  response: { headers: named('header'), content: named('mediaType'), links: named('link') },
  parameter: parameterMembers,
  example: {},
  requestBody: { content: named('mediaType') },
  header: parameterMembers,
  securityScheme: {},
  link: {},
  // Its members are expressions: see `walk.ts`.
  callback: {},
  pathItem: { ...operations, parameters: list('parameter') },
  operation: {
    parameters: list('parameter'),
    requestBody: one('requestBody'),
    responses: extended('response'),
    callbacks: extended('callback'),
  },
  mediaType: { schema: one('schema'), examples: named('example'), encoding: named('encoding') },
  encoding: { headers: named('header') },
}

/** The section of `components` for each kind that can be there. */
export const SECTIONS: ReadonlyMap<string, Kind> = new Map([
  ['schemas', 'schema'],
  ['responses', 'response'],
  ['parameters', 'parameter'],
  ['examples', 'example'],
  ['requestBodies', 'requestBody'],
  ['headers', 'header'],
  ['securitySchemes', 'securityScheme'],
  ['links', 'link'],
  ['callbacks', 'callback'],
  ['pathItems', 'pathItem'],
])

/** The section of `components` where an object of this kind is kept, if there is one. */
export function sectionOf(kind: Kind): string | undefined {
  return [...SECTIONS].find(([, held]) => held === kind)?.[0]
}
