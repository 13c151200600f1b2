import { members } from '../walk.ts'
import { ownText } from '../../json.ts'
import type { Grammar, Member } from '../walk.ts'

/** The objects of an AsyncAPI 3 document that hold others, references or names. */
export type Kind =
  | 'schema'
  | 'payload'
  | 'multiFormat'
  | 'channel'
  | 'operation'
  | 'message'
  | 'parameter'
  | 'correlationId'
  | 'reply'
  | 'replyAddress'
  | 'securityScheme'
  | 'tag'
  | 'externalDocs'
  | 'operationTrait'
  | 'messageTrait'
  | 'server'
  | 'serverVariable'
  | 'channelBindings'
  | 'operationBindings'
  | 'messageBindings'
  | 'serverBindings'
  | 'binding'
  | 'bindingSchema'

const { one, list, named } = members<Kind>()

const schemaMembers: Record<string, Member<Kind>> = { externalDocs: one('externalDocs') }
for (const name of ['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas']) schemaMembers[name] = named('schema')
for (const name of ['allOf', 'anyOf', 'oneOf']) schemaMembers[name] = list('schema')
for (const name of ['items', 'additionalItems', 'additionalProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else'])
  schemaMembers[name] = one('schema')

const described = { tags: list('tag'), externalDocs: one('externalDocs') }
const trait = { ...described, bindings: one('operationBindings'), security: list('securityScheme') }
const messageTrait = { ...described, headers: one('payload'), correlationId: one('correlationId'), bindings: one('messageBindings') }
const binding = one('binding')

/** Of AsyncAPI 3. */
export const GRAMMAR: Grammar<Kind> = {
  members: {
    schema: schemaMembers,
    payload: {},
    multiFormat: { schema: one('schema') },
    channel: {
      ...described,
      messages: named('message'),
      parameters: named('parameter'),
      servers: list('server'),
      bindings: one('channelBindings'),
    },
    operation: {
      ...trait,
      channel: one('channel'),
      messages: list('message'),
      traits: list('operationTrait'),
      reply: one('reply'),
    },
    message: { ...messageTrait, payload: one('payload'), traits: list('messageTrait') },
    parameter: {},
    correlationId: {},
    reply: { address: one('replyAddress'), channel: one('channel'), messages: list('message') },
    replyAddress: {},
    securityScheme: {},
    tag: { externalDocs: one('externalDocs') },
    externalDocs: {},
    operationTrait: trait,
    messageTrait,
    server: { ...described, variables: named('serverVariable'), security: list('securityScheme'), bindings: one('serverBindings') },
    serverVariable: {},
    channelBindings: {},
    operationBindings: {},
    messageBindings: {},
    serverBindings: {},
    // Of WebSocket and HTTP; of Kafka; of MQTT.
    binding: Object.fromEntries(
      ['query', 'headers', 'key', 'groupId', 'clientId', 'correlationData', 'responseTopic'].map((name) => [name, one('bindingSchema')]),
    ),
    bindingSchema: {},
  },
  every: { channelBindings: binding, operationBindings: binding, messageBindings: binding, serverBindings: binding },
  plain: new Set<Kind>(['bindingSchema', 'binding']),
  besideRef: (kind) => (kind === 'schema' ? 'all' : []),
  narrow: (node, kind) => {
    if (kind === 'bindingSchema') return 'schema'
    if (kind !== 'payload') return kind
    const format = ownText(node, 'schemaFormat')
    if (format === undefined || !Object.hasOwn(node, 'schema')) return 'schema'
    // What other languages call a reference is theirs.
    return isJsonSchema(format) ? 'multiFormat' : undefined
  },
}

/** Whether a schema format is JSON Schema in some dialect, so that its `$ref` is a reference of the document. */
export function isJsonSchema(format: string): boolean {
  return /^application\/(?:vnd\.aai\.asyncapi|vnd\.oai\.openapi|schema)(?:[+;]|$)/.test(format)
}

/** The sections of `components` that are carried over as they are, and what is in them. */
export const SECTIONS: ReadonlyMap<string, Kind> = new Map([
  ['schemas', 'payload'],
  ['messages', 'message'],
  ['securitySchemes', 'securityScheme'],
  ['parameters', 'parameter'],
  ['correlationIds', 'correlationId'],
  ['replies', 'reply'],
  ['replyAddresses', 'replyAddress'],
  ['externalDocs', 'externalDocs'],
  ['tags', 'tag'],
  ['operationTraits', 'operationTrait'],
  ['messageTraits', 'messageTrait'],
  ['channelBindings', 'channelBindings'],
  ['operationBindings', 'operationBindings'],
  ['messageBindings', 'messageBindings'],
  ['serverBindings', 'serverBindings'],
])

/** Sections to which only what something refers to is carried over. */
export const ON_DEMAND: ReadonlyMap<string, Kind> = new Map([
  ['channels', 'channel'],
  ['operations', 'operation'],
  ['servers', 'server'],
  ['serverVariables', 'serverVariable'],
])

/** The section of `components` where an object of this kind is kept. */
export function sectionOf(kind: Kind): string | undefined {
  if (kind === 'schema' || kind === 'multiFormat') return 'schemas'
  return [...SECTIONS, ...ON_DEMAND].find(([, held]) => held === kind)?.[0]
}
