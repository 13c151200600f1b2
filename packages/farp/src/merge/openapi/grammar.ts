import { members } from '../walk.ts'
import type { Grammar, Member } from '../walk.ts'

/** The objects of an OpenAPI document that hold others, references or names. */
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

const { one, list, named, extended } = members<Kind>()

const schemaMembers: Record<string, Member<Kind>> = {}
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
  'not',
  'if',
  'then',
  'else',
  'contentSchema',
]) {
  schemaMembers[name] = one('schema')
}

const parameterMembers = { schema: one('schema'), content: named('mediaType'), examples: named('example') }
const encodingMembers = {
  headers: named('header'),
  encoding: named('encoding'),
  prefixEncoding: list('encoding'),
  itemEncoding: one('encoding'),
}
const operations = Object.fromEntries(
  ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'].map((method) => [method, one('operation')]),
)

/** Of OpenAPI 3.0, 3.1 and 3.2. */
export const GRAMMAR: Grammar<Kind> = {
  members: {
    schema: schemaMembers,
    response: { headers: named('header'), content: named('mediaType'), links: named('link') },
    parameter: parameterMembers,
    example: {},
    requestBody: { content: named('mediaType') },
    header: parameterMembers,
    securityScheme: {},
    link: {},
    callback: {},
    pathItem: { ...operations, additionalOperations: named('operation'), parameters: list('parameter') },
    operation: {
      parameters: list('parameter'),
      requestBody: one('requestBody'),
      responses: extended('response'),
      callbacks: extended('callback'),
    },
    mediaType: {
      schema: one('schema'),
      itemSchema: one('schema'),
      examples: named('example'),
      encoding: named('encoding'),
      prefixEncoding: list('encoding'),
      itemEncoding: one('encoding'),
    },
    encoding: encodingMembers,
  },
  // Its members are expressions.
  every: { callback: one('pathItem') },
  besideRef: (kind) => (kind === 'schema' ? 'all' : ['summary', 'description']),
}

/** The section of `components` for each kind that can be there in 3.1. */
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
