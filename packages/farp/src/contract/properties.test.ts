import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { compareContracts } from './compare.ts'
import { exchange } from '../testing/contracts.ts'
import type { JsonObject } from '../json.ts'

const { schema } = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<unknown>({ type: 'string' }, { type: 'integer' }, { type: ['string', 'null'] }, {}, true, { enum: ['a', 1, null] }),
    fc.record(
      { type: fc.constant('string'), minLength: fc.nat(5), pattern: fc.constantFrom('^a', 'b$'), format: fc.constantFrom('date', 'email') },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.nat(9) }, { requiredKeys: ['type'] }),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('schema'), { maxKeys: 3 }),
        required: fc.subarray(['a', 'b', 'c']),
        additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.constantFrom({ $ref: '#/components/schemas/X' }, { $ref: '#/components/schemas/Y' }, { $ref: '#/components/schemas/Gone' }),
  ),
}))

const documentOf = fc
  .record({ request: schema, response: schema, X: schema, Y: schema })
  .map(({ request, response, X, Y }) => exchange({ request, response }, { components: { schemas: { X, Y } } }))

/** Equal, but neither the same object nor in the same order: nothing is skipped for being the same text. */
function rewritten(document: JsonObject): JsonObject {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([name, member]) => [name, turned(member)]),
    )
  }
  return { ...(turned(document) as JsonObject), info: { title: 'other', version: '2' } }
}

const runs = { numRuns: 300 }

test('a document compared with itself has no changes', async () => {
  await fc.assert(
    fc.asyncProperty(documentOf, async (document) => {
      expect((await compareContracts('openapi', document, rewritten(document))).changes).toEqual([])
    }),
    runs,
  )
})

test('an optional thing more never breaks, whatever the rest is', async () => {
  await fc.assert(
    fc.asyncProperty(documentOf, schema, async (document, added) => {
      const next = structuredClone(document) as { paths: Record<string, Record<string, unknown>> } & JsonObject
      next.paths['/more'] = { get: { responses: {} } }
      const operation = next.paths['/things']!['post'] as Record<string, unknown>
      operation['parameters'] = [{ in: 'query', name: 'more', schema: added }]
      for (const body of ['requestBody', 'responses'] as const) addProperty(operation[body], added)
      expect((await compareContracts('openapi', document, next)).counts.breaking).toBe(0)
    }),
    runs,
  )
})

/** Adds an optional property to every plain object schema on the way. */
function addProperty(value: unknown, added: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const target = value as Record<string, unknown>
  if (Object.hasOwn(target, 'oneOf') || Object.hasOwn(target, 'allOf')) return
  const properties = target['properties']
  for (const child of Object.values(value)) addProperty(child, added)
  // A map says what a member without a name is: a property that differs is another matter.
  if (target['type'] !== 'object' || typeof target['additionalProperties'] === 'object' || target['additionalProperties'] === true) return
  target['properties'] = { ...(properties as object | undefined), more: added }
}

test('what breaks on the way there is seen on the way back', async () => {
  await fc.assert(
    fc.asyncProperty(documentOf, documentOf, async (a, b) => {
      const there = await compareContracts('openapi', a, b)
      const back = await compareContracts('openapi', b, a)
      if (there.counts.breaking > 0) expect(back.changes.length).toBeGreaterThan(0)
    }),
    { numRuns: 150 },
  )
})

test('anything at all is compared without failing', async () => {
  const kinds = ['openapi', 'asyncapi', 'graphql', 'grpc', 'orpc', 'avro'] as const
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), fc.object({ maxDepth: 4 }), fc.object({ maxDepth: 4 }), async (kind, a, b) => {
      const paths = (value: object): JsonObject => ({
        openapi: '3.1.0',
        asyncapi: '3.0.0',
        paths: { '/x': value },
        channels: value,
        procedures: value,
        file: [value],
        sdl: 'type A',
        ...value,
      })
      await compareContracts(kind, paths(a), paths(b))
    }),
    runs,
  )
})
