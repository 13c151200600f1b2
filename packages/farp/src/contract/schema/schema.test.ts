import { describe, expect, test } from 'vitest'
import { compareContracts } from '../compare.ts'
import { exchange, told } from '../../testing/contracts.ts'

const text = { type: 'string' }
const number = { type: 'number' }
const object = (properties: unknown, more = {}) => ({ type: 'object', properties, ...more })

async function directions(previous: unknown, next: unknown, more = {}) {
  const [request, response] = await Promise.all(
    (['request', 'response'] as const).map((way) =>
      compareContracts('openapi', exchange({ [way]: previous }, more), exchange({ [way]: next }, more)),
    ),
  )
  return { request: told(request!), response: told(response!) }
}

type Row = readonly [rule: string, previous: unknown, next: unknown, request: readonly string[], response: readonly string[]]

const type = (effect: string) => [`${effect} field_type_changed`]
const limit = (effect: string) => [`${effect} constraint_changed`]

describe('each rule, for what clients send and for what they get', () => {
  test.each<Row>([
    ['another type', text, number, type('breaking'), type('breaking')],
    ['one type more', text, { type: ['string', 'number'] }, type('safe'), type('breaking')],
    ['one type less', { type: ['string', 'number'] }, text, type('breaking'), type('safe')],
    ['a number becomes whole', number, { type: 'integer' }, type('breaking'), type('safe')],
    ['a whole number becomes any', { type: 'integer' }, number, type('safe'), type('breaking')],
    ['a type that was not said', {}, text, type('unknown'), type('safe')],
    ['a type that is not said any more', text, {}, type('safe'), type('unknown')],
    ['null is possible now', text, { type: ['string', 'null'] }, type('safe'), type('breaking')],
    ['null by a choice', text, { anyOf: [text, { type: 'null' }] }, type('safe'), type('breaking')],
    ['null is impossible now', { type: ['string', 'null'] }, text, type('breaking'), type('safe')],
    ['nothing at all is possible', text, false, type('breaking'), type('safe')],
    ['a listed value is gone', { enum: ['a', 'b'] }, { enum: ['a'] }, ['breaking enum_value_removed'], ['safe enum_value_removed']],
    ['a listed value is new', { enum: ['a'] }, { enum: ['a', 'b'] }, ['safe enum_value_added'], ['unknown enum_value_added']],
    [
      'a new value that was announced',
      { enum: ['a'], 'x-extensible-enum': [] },
      { enum: ['a', 'b'] },
      ['safe enum_value_added'],
      ['safe enum_value_added'],
    ],
    ['a list of values is new', text, { ...text, enum: ['a'] }, limit('breaking'), limit('safe')],
    ['a list of values is gone', { ...text, enum: ['a'] }, text, limit('safe'), limit('unknown')],
    ['const becomes a list', { const: 'a' }, { enum: ['a', 'b'] }, ['safe enum_value_added'], ['unknown enum_value_added']],
    ['a format is new', text, { ...text, format: 'email' }, type('breaking'), type('safe')],
    ['a format is gone', { ...text, format: 'email' }, text, type('safe'), type('unknown')],
    ['another format', { ...text, format: 'date' }, { ...text, format: 'date-time' }, type('breaking'), type('breaking')],
    ['a wider number', { type: 'integer', format: 'int32' }, { type: 'integer', format: 'int64' }, type('safe'), type('breaking')],
    ['a narrower number', { type: 'integer', format: 'int64' }, { type: 'integer', format: 'int32' }, type('breaking'), type('safe')],
    ['a minimum is new', number, { ...number, minimum: 1 }, limit('breaking'), limit('safe')],
    ['a minimum falls', { ...number, minimum: 5 }, { ...number, minimum: 1 }, limit('safe'), limit('unknown')],
    ['a minimum excludes itself', { ...number, minimum: 1 }, { ...number, exclusiveMinimum: 1 }, limit('breaking'), limit('safe')],
    ['a maximum falls', { ...number, maximum: 5 }, { ...number, maximum: 4 }, limit('breaking'), limit('safe')],
    ['a length grows', { ...text, maxLength: 5 }, { ...text, maxLength: 6 }, limit('safe'), limit('unknown')],
    ['a length is needed', text, { ...text, minLength: 1 }, limit('breaking'), limit('safe')],
    ['a minimum length of nothing', text, { ...text, minLength: 0 }, [], []],
    ['fewer items', { type: 'array', maxItems: 9 }, { type: 'array', maxItems: 3 }, limit('breaking'), limit('safe')],
    ['unique items', { type: 'array' }, { type: 'array', uniqueItems: true }, limit('breaking'), limit('safe')],
    ['a multiple of the step', { ...number, multipleOf: 2 }, { ...number, multipleOf: 4 }, limit('breaking'), limit('safe')],
    ['another step', { ...number, multipleOf: 2 }, { ...number, multipleOf: 3 }, limit('breaking'), limit('unknown')],
    ['a pattern is new', text, { ...text, pattern: '^a' }, limit('breaking'), limit('safe')],
    ['another pattern', { ...text, pattern: '^a' }, { ...text, pattern: '^[ab]' }, limit('unknown'), limit('unknown')],
    ['a pattern is gone', { ...text, pattern: '^a' }, text, limit('safe'), limit('unknown')],
    ['an optional property is new', object({ a: text }), object({ a: text, b: text }), ['safe field_added'], ['safe field_added']],
    [
      'a required property is new',
      object({ a: text }),
      object({ a: text, b: text }, { required: ['b'] }),
      ['breaking field_required'],
      ['safe field_added'],
    ],
    ['a property is gone', object({ a: text, b: text }), object({ a: text }), ['unknown field_removed'], ['breaking field_removed']],
    [
      'a property is gone and refused',
      object({ a: text, b: text }, { additionalProperties: false }),
      object({ a: text }, { additionalProperties: false }),
      ['breaking field_removed'],
      ['breaking field_removed'],
    ],
    [
      'a property is required now',
      object({ a: text }),
      object({ a: text }, { required: ['a'] }),
      ['breaking field_required'],
      ['safe field_required'],
    ],
    [
      'a property is optional now',
      object({ a: text }, { required: ['a'] }),
      object({ a: text }),
      ['safe field_optional'],
      ['breaking field_optional'],
    ],
    [
      'a member without a description is required',
      object({}),
      object({}, { required: ['a'] }),
      ['breaking field_required'],
      ['safe field_required'],
    ],
    [
      'a property of another type',
      object({ a: object({ b: text }) }),
      object({ a: object({ b: number }) }),
      type('breaking'),
      type('breaking'),
    ],
    ['a read-only property is gone', object({ a: { ...text, readOnly: true } }), object({}), [], ['breaking field_removed']],
    [
      'a required read-only property is new',
      object({}),
      object({ a: { ...text, readOnly: true } }, { required: ['a'] }),
      [],
      ['safe field_added'],
    ],
    [
      'a write-only property is required',
      object({ a: { ...text, writeOnly: true } }),
      object({ a: { ...text, writeOnly: true } }, { required: ['a'] }),
      ['breaking field_required'],
      [],
    ],
    ['other members are refused', object({}), object({}, { additionalProperties: false }), limit('breaking'), limit('safe')],
    ['other members are allowed', object({}, { additionalProperties: false }), object({}), limit('safe'), limit('safe')],
    [
      'values of a map',
      object({}, { additionalProperties: text }),
      object({}, { additionalProperties: number }),
      type('breaking'),
      type('breaking'),
    ],
    [
      'a map ends',
      object({}, { additionalProperties: text }),
      object({}, { additionalProperties: false }),
      ['breaking field_removed'],
      ['breaking field_removed'],
    ],
    ['an item of another type', { type: 'array', items: text }, { type: 'array', items: number }, type('breaking'), type('breaking')],
    ['items are described now', { type: 'array' }, { type: 'array', items: text }, limit('unknown'), limit('safe')],
    ['another default', { ...text, default: 'a' }, { ...text, default: 'b' }, ['unknown default_changed'], []],
    ['a first default', text, { ...text, default: 'b' }, ['safe default_changed'], []],
    ['deprecated', object({ a: text }), object({ a: { ...text, deprecated: true } }), ['safe deprecated'], ['safe deprecated']],
    ['`not` is new', text, { ...text, not: { const: 'x' } }, ['unknown not_judged'], ['safe not_judged']],
    [
      '`if` changed',
      { if: { required: ['a'] }, else: {} },
      { if: { required: ['b'] }, else: {} },
      ['unknown not_judged'],
      ['unknown not_judged'],
    ],
    ['only words for people', { ...text, description: 'a', example: 'x' }, { ...text, description: 'b', title: 'T' }, [], []],
  ])('%s', async (_rule, previous, next, request, response) => {
    expect(await directions(previous, next)).toEqual({ request, response })
  })
})

describe('variants', () => {
  const cat = { title: 'Cat', ...object({ kind: { const: 'cat' }, meow: text }, { required: ['kind'] }) }
  const dog = { title: 'Dog', ...object({ kind: { const: 'dog' }, bark: text }, { required: ['kind'] }) }
  const fox = { title: 'Fox', ...object({ kind: { const: 'fox' }, say: text }, { required: ['kind'] }) }
  test.each<Row>([
    ['one more', { oneOf: [cat, dog] }, { oneOf: [cat, dog, fox] }, ['safe variant_added'], ['breaking variant_added']],
    ['one less', { oneOf: [cat, dog, fox] }, { oneOf: [cat, dog] }, ['breaking variant_removed'], ['safe variant_removed']],
    ['in another order', { oneOf: [cat, dog] }, { oneOf: [dog, cat] }, [], []],
    [
      'changed inside',
      { oneOf: [cat, dog] },
      { oneOf: [cat, { ...dog, required: ['kind', 'bark'] }] },
      ['breaking field_required'],
      ['safe field_required'],
    ],
    ['one becomes several, itself among them', cat, { oneOf: [cat, dog] }, ['safe variant_added'], ['breaking variant_added']],
    ['several become one of them', { oneOf: [cat, dog] }, cat, ['breaking variant_removed'], ['safe variant_removed']],
    ['one becomes others', cat, { oneOf: [fox, dog] }, ['unknown variant_added'], ['unknown variant_added']],
    ['anyOf becomes oneOf', { anyOf: [cat, dog] }, { oneOf: [cat, dog] }, ['unknown constraint_changed'], ['safe constraint_changed']],
    [
      'two are exchanged for two',
      { oneOf: [cat, dog, text] },
      { oneOf: [text, fox, number] },
      ['unknown variant_removed', 'unknown variant_removed', 'safe variant_added', 'safe variant_added'].sort(),
      ['unknown variant_added', 'unknown variant_added', 'safe variant_removed', 'safe variant_removed'].sort(),
    ],
    [
      'a variant that another one includes is gone',
      { anyOf: [{ type: 'integer' }, number, text] },
      { anyOf: [number, text] },
      ['safe variant_removed'],
      ['safe variant_removed'],
    ],
  ])('%s', async (_rule, previous, next, request, response) => {
    expect(await directions(previous, next)).toEqual({ request, response })
  })
})

describe('references and allOf', () => {
  test('what a schema is put together from is compared, however it is put together', async () => {
    const base = object({ id: text }, { required: ['id'] })
    const flat = object({ id: text, name: text }, { required: ['id'] })
    const more = { components: { schemas: { Base: base } } }
    const parts = { allOf: [{ $ref: '#/components/schemas/Base' }, object({ name: text })] }
    expect(await directions(flat, parts, more)).toEqual({ request: [], response: [] })
    expect(await directions(parts, { $ref: '#/components/schemas/Base' }, more)).toEqual({
      request: ['unknown field_removed'],
      response: ['breaking field_removed'],
    })
  })

  test('circles end, and a change behind one is found once, for each operation that uses it', async () => {
    const tree = (value: unknown) => ({
      Node: object({
        value,
        children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
        parent: { $ref: '#/components/schemas/Node' },
      }),
    })
    const node = { $ref: '#/components/schemas/Node' }
    const document = (value: unknown) => {
      const made = exchange({ response: node }, { components: { schemas: tree(value) } })
      const item = (made['paths'] as Record<string, unknown>)['/things']
      return { ...made, paths: { '/things': item, '/other': item, '/third': { get: { responses: {} } } } }
    }
    const diff = await compareContracts('openapi', document(text), document(number))
    expect(diff.changes).toMatchObject([
      {
        type: 'field_type_changed',
        effect: 'breaking',
        path: '/components/schemas/Node/properties/value',
        operations: ['POST /other', 'POST /things'],
      },
    ])
    expect(diff.affected).toEqual(['POST /other', 'POST /things'])
  })

  test('a circle of references alone, and one of variants', async () => {
    const more = { components: { schemas: { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } } } }
    expect((await directions({ $ref: '#/components/schemas/A' }, text, more)).request).toEqual(type('unknown'))
    const turned = (extra: unknown) => ({
      components: {
        schemas: {
          V: { oneOf: [{ $ref: '#/components/schemas/V' }, { $ref: '#/components/schemas/W' }] },
          W: { oneOf: [{ $ref: '#/components/schemas/V' }, extra] },
        },
      },
    })
    const ref = { $ref: '#/components/schemas/V' }
    const diff = await compareContracts('openapi', exchange({ request: ref }, turned(text)), exchange({ request: ref }, turned(number)))
    expect(diff.effect).toBe('breaking')
  })

  test('what is in another document, or nowhere, is unknown', async () => {
    expect(await directions({ $ref: './a.json' }, { $ref: './a.json', description: 'x' })).toEqual({
      request: ['unknown not_judged'],
      response: ['unknown not_judged'],
    })
    expect((await directions(text, { $ref: '#/components/schemas/Gone' })).response).toContain('unknown not_judged')
  })

  test('a schema behind `not` that changed is not taken for the same', async () => {
    const ref = { not: { $ref: '#/components/schemas/X' } }
    const more = (x: unknown) => ({ components: { schemas: { X: x } } })
    const diff = await compareContracts('openapi', exchange({ request: ref }, more(text)), exchange({ request: ref }, more(number)))
    expect(told(diff)).toEqual(['unknown not_judged'])
  })
})

test('OpenAPI 3.0: nullable and boolean exclusive bounds; nothing beside a reference counts', async () => {
  const old = (schema: unknown) =>
    exchange({ request: schema, response: schema }, { openapi: '3.0.3', components: { schemas: { T: text } } })
  const tell = async (a: unknown, b: unknown) => told(await compareContracts('openapi', old(a), old(b)))
  expect(await tell(text, { ...text, nullable: true })).toEqual(['breaking field_type_changed', 'safe field_type_changed'])
  expect(await tell({ ...number, minimum: 1 }, { ...number, minimum: 1, exclusiveMinimum: true })).toEqual([
    'breaking constraint_changed',
    'safe constraint_changed',
  ])
  expect(await tell(text, { $ref: '#/components/schemas/T', maxLength: 1 })).toEqual([])
  // The same in the words of 3.1 is the same.
  const newer = exchange({ request: { type: ['string', 'null'] } })
  expect(told(await compareContracts('openapi', exchange({ request: { ...text, nullable: true } }, { openapi: '3.0.3' }), newer))).toEqual(
    [],
  )
})

test('names such as __proto__ are only names', async () => {
  const named = (schema: string) =>
    JSON.parse(`{"type":"object","properties":{"__proto__":${schema},"constructor":{"type":"string"}}}`) as unknown
  expect(await directions(named('{"type":"string"}'), named('{"type":"number"}'))).toEqual({
    request: type('breaking'),
    response: type('breaking'),
  })
  expect(Object.prototype).not.toHaveProperty('type')
})

test('a number in a query may become a text, in a body not', async () => {
  const query = (schema: unknown) => ({
    openapi: '3.1.0',
    paths: { '/q': { get: { parameters: [{ in: 'query', name: 'n', schema }], responses: {} } } },
  })
  expect(told(await compareContracts('openapi', query({ type: 'integer' }), query(text)))).toEqual(['safe field_type_changed'])
  expect(told(await compareContracts('openapi', query(text), query({ type: 'integer' })))).toEqual(['breaking field_type_changed'])
})
