import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asyncService } from '../testing/merging-asyncapi.ts'
import { isObject, table } from '../json.ts'
import { mergeAsyncApi } from './asyncapi/merge.ts'
import { mergeOpenApi } from './openapi/merge.ts'
import { ok, refsOf, service } from '../testing/merging.ts'
import { resolvePointer } from '../adapters/pointers.ts'
import type { MergeOptions, SecurityMerge } from './merged.ts'
import type { ConflictStrategy } from '../manifest/manifest.ts'
import type { FederatedService } from './input.ts'
import type { JsonObject } from '../json.ts'

/** Names that break what is not careful. */
const name = fc.constantFrom('A', 'B', 'List<User>', '__proto__', 'constructor', 'prototype', 'a/b', 'a~b', 'a b', 'toString', '%25', 'é')
const word = fc.constantFrom('a', 'b', 'c')
const schemaRef = name.map((text) => ({
  $ref: `#/components/schemas/${encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))}`,
}))
const schema = fc.oneof(
  schemaRef,
  fc.record({ type: fc.constant('object'), properties: fc.array(fc.tuple(name, schemaRef)).map((entries) => table<unknown>(entries)) }),
  fc.record({ allOf: fc.array(schemaRef, { maxLength: 2 }), nullable: fc.boolean() }, { requiredKeys: [] }),
  fc.record({
    discriminator: fc.record({ propertyName: fc.constant('k'), mapping: fc.array(fc.tuple(name, name)).map((entries) => table(entries)) }),
  }),
)
const scheme = fc.constantFrom(
  { type: 'http', scheme: 'basic' },
  { type: 'http', scheme: 'bearer' },
  { type: 'apiKey', in: 'query', name: 'k' },
)
const tableOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.array(fc.tuple(name, value), { maxLength: 4 }).map((entries) => table(entries))
const security = fc.array(
  fc.array(fc.tuple(name, fc.constant([])), { maxLength: 2 }).map((entries) => table<unknown>(entries)),
  { maxLength: 2 },
)

const operation = fc.record(
  {
    operationId: word,
    tags: fc.array(name, { maxLength: 2 }),
    security,
    responses: schema.map((found) => ({
      '200': { description: '', content: { 'a/b': { schema: found } }, links: { l: { operationId: 'a' } } },
    })),
  },
  { requiredKeys: ['responses'] },
)
const document = fc.record(
  {
    openapi: fc.constantFrom('3.0.3', '3.1.0', '3.2.0'),
    paths: fc.dictionary(
      fc.constantFrom('/x', '/y/{id}', '/y/{other}', '/__proto__'),
      fc.record({ get: operation, post: operation, parameters: fc.constant([]) }, { requiredKeys: [] }),
      { maxKeys: 3 },
    ),
    components: fc.record({ schemas: tableOf(schema), securitySchemes: tableOf(scheme) }, { requiredKeys: [] }),
    security,
    tags: fc.array(
      name.map((text) => ({ name: text })),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ['openapi', 'paths'] },
)
const strategy = fc.constantFrom<ConflictStrategy>('prefix', 'error', 'skip', 'overwrite', 'merge')
const composition = fc.option(
  fc.record({
    include: fc.constantFrom(true, true, false),
    componentPrefix: fc.constantFrom(undefined, 'shared'),
    tagPrefix: fc.constant(undefined),
    operationIdPrefix: fc.constantFrom(undefined, 'shared'),
    conflictStrategy: fc.option(strategy, { nil: undefined }),
    preserveExtensions: fc.boolean(),
    customServers: fc.constant([]),
  }),
  { nil: undefined },
)
const given = fc.record({
  prefix: fc.constantFrom('', '', '/m'),
  host: fc.constantFrom(undefined, undefined, 'h.*'),
  priority: fc.constantFrom(50, 60),
  composition,
})
const names = fc.uniqueArray(fc.constantFrom('a', 'b', '__proto__', 'b_A', 'constructor'), { minLength: 1, maxLength: 4 })
const services = names.chain((all) =>
  fc.tuple(
    ...all.map((one) =>
      fc
        .tuple(document, given)
        .map(([made, { host, ...rest }]) =>
          service(one, made as unknown as JsonObject, { ...rest, ...(host === undefined ? {} : { host }) }),
        ),
    ),
  ),
)
const options = fc.record({
  info: fc.constant({ title: 't', description: 'd', version: '1' }),
  collapseServiceTags: fc.boolean(),
  conflictStrategy: strategy,
  security: fc.record({
    strategy: fc.constantFrom<NonNullable<SecurityMerge['strategy']>>('union', 'intersection', 'per_service', 'global', 'most_strict'),
    prefixSchemeNames: fc.boolean(),
  }),
})

function idsOf(value: unknown, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const item of value) idsOf(item, found)
  if (!isObject(value)) return found
  // Links name operations, too.
  if (typeof value['operationId'] === 'string' && Object.hasOwn(value, 'responses')) found.push(value['operationId'])
  for (const item of Object.values(value)) idsOf(item, found)
  return found
}

function check(all: readonly FederatedService[], how: MergeOptions): void {
  const text = JSON.stringify(mergeOpenApi(all, how))
  expect(JSON.stringify(mergeOpenApi(all.toReversed(), how))).toBe(text)
  const { document: made } = JSON.parse(text) as { document: JsonObject }
  for (const ref of refsOf(made)) expect(resolvePointer(made, ref), ref).toBeDefined()
  const ids = idsOf(made['paths'])
  expect(new Set(ids).size).toBe(ids.length)
  expect(Object.keys(Object.prototype)).toEqual([])
  for (const section of Object.values(made['components'] as Record<string, object>))
    for (const key of Object.keys(section)) expect(key).toMatch(/^[A-Za-z0-9._-]+$/)
}

test('[R38] whatever services write: the order of services does not matter, every reference leads somewhere, ids are unique, no prototype is touched', () => {
  fc.assert(fc.property(services, options, check), { numRuns: 300 })
})

test('a service that stays out, or has an error, changes nothing for the others', () => {
  fc.assert(
    fc.property(services, document, (all, extra) => {
      const hidden = service('zz', extra as unknown as JsonObject, {
        prefix: '/zz',
        composition: {
          include: false,
          componentPrefix: 'shared',
          tagPrefix: undefined,
          operationIdPrefix: undefined,
          conflictStrategy: undefined,
          preserveExtensions: true,
          customServers: [],
        },
      })
      expect(JSON.stringify(mergeOpenApi([...all, hidden]).document)).toBe(JSON.stringify(mergeOpenApi(all).document))
    }),
    { numRuns: 100 },
  )
})

const message = fc.oneof(
  name.map((text) => ({ $ref: `#/components/messages/${encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))}` })),
  fc.record({ payload: schema, contentType: fc.constant('a/b') }),
)
const channels3 = fc.array(
  fc.tuple(name, fc.record({ address: fc.constantFrom('/x', '/y/{id}', 'z'), messages: tableOf(message) }, { requiredKeys: ['address'] })),
  { maxLength: 3 },
)
const channels2 = fc.array(
  fc.tuple(
    fc.constantFrom('/x', '/y/{id}', '__proto__'),
    fc.record(
      { publish: fc.record({ message }), subscribe: fc.record({ operationId: word, message, security }, { requiredKeys: [] }) },
      { requiredKeys: [] },
    ),
  ),
  { maxLength: 3 },
)
const components = fc.record(
  { schemas: tableOf(schema), messages: tableOf(message), securitySchemes: tableOf(scheme) },
  { requiredKeys: [] },
)
const asyncDocument = fc.oneof(
  fc.tuple(channels3, components).map(([channels, parts]) => ({
    asyncapi: '3.0.0',
    channels: table<unknown>(channels),
    operations: table<unknown>(
      channels.map(([key]) => [
        key,
        { action: 'send', channel: { $ref: `#/channels/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}` } },
      ]),
    ),
    components: parts,
  })),
  fc
    .tuple(channels2, components)
    .map(([channels, parts]) => ({ asyncapi: '2.6.0', channels: table<unknown>(channels), components: parts })),
)

test('[R38] the same for channels', () => {
  const all = names.chain((list) =>
    fc.tuple(
      ...list.map((one) =>
        fc
          .tuple(asyncDocument, fc.constantFrom('', '/m'))
          .map(([made, prefix]) => asyncService(one, made as unknown as JsonObject, { prefix })),
      ),
    ),
  )
  fc.assert(
    fc.property(all, (list) => {
      const text = JSON.stringify(mergeAsyncApi(list))
      expect(JSON.stringify(mergeAsyncApi(list.toReversed()))).toBe(text)
      const { document: made } = JSON.parse(text) as { document: JsonObject }
      for (const ref of refsOf(made)) expect(resolvePointer(made, ref), ref).toBeDefined()
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 200 },
  )
})

test('the properties see operations at all', () => {
  expect(idsOf(mergeOpenApi([service('a', { paths: { '/x': { get: { operationId: 'x', responses: ok } } } })]).document)).toEqual(['a_x'])
})
