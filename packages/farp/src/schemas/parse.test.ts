import { expect, test } from 'vitest'
import { parseSchema, SchemaError } from './parse.ts'
import { LIMITS } from '../limits.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const parse = (text: string): unknown => parseSchema(bytes(text), LIMITS)

test('JSON and YAML give the same data', () => {
  const value = {
    openapi: '3.1.0',
    info: { title: 'A', version: '1.0' },
    paths: { '/a': { get: { responses: { '200': { description: 'yes' } } } } },
  }
  const yaml = `openapi: 3.1.0\ninfo: { title: A, version: "1.0" }\npaths:\n  /a:\n    get:\n      responses:\n        200: { description: "yes" }\n`
  expect(parse(JSON.stringify(value))).toEqual(value)
  expect(parse(yaml)).toEqual(value)
  expect(parse(`\ufeff${JSON.stringify(value)}`)).toEqual(value)
  expect(parse('{openapi: 3.1.0, paths: {}}')).toEqual({ openapi: '3.1.0', paths: {} })
})

test('YAML 1.1 surprises stay texts', () => {
  expect(parse('a: no\nb: 2001-01-01\nc: 0777\nd: 1_000')).toEqual({ a: 'no', b: '2001-01-01', c: 777, d: '1_000' })
})

test('[R38] [F12.7.depth] [F12.7.yaml] [F12.7.utf8] tags, bombs, cycles, depth and foreign bytes are refused', () => {
  expect(() => parse('a: !!js/function "x"')).toThrow(SchemaError)
  expect(() => parse('a: !custom x')).toThrow(SchemaError)
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[i]}`).join(',')}]`),
  ].join('\n')
  expect(() => parse(bomb)).toThrow(SchemaError)
  expect(() => parse('a: &a\n  b: *a')).toThrow(SchemaError)
  expect(() => parse(`{"a":${'['.repeat(80)}${']'.repeat(80)}}`)).toThrow('nested more than 64')
  expect(() => parse(`a: ${'['.repeat(80)}${']'.repeat(80)}`)).toThrow('nested more than 64')
  expect(() => parse(`a: ${'['.repeat(100_000)}`)).toThrow('nested more than 64')
  expect(() => parse('- '.repeat(20_000))).toThrow(SchemaError)
  expect(() => parseSchema(Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), LIMITS)).toThrow('not UTF-8')
  expect(() => parse(`a: ${'x'.repeat(2_100_000)}`)).toThrow('publish larger documents as JSON')
  for (const text of ['', '[]', '"text"', 'null', '42', '{', '{"a":}']) expect(() => parse(text), text).toThrow(SchemaError)
})

test('a key that is there twice is refused', () => {
  for (const text of ['a: 1\nb: 2\na: 3', '{a: 1, "a": 2}', 'x:\n  - {a: 1, a: 1}'])
    expect(() => parse(text), text).toThrow('"a" is there twice')
})

test('[R38] a map of many keys costs no more than its length', () => {
  const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`)
  expect(Object.keys(parse(keys.join('\n')) as object)).toHaveLength(60_000)
})

test('[R38] [F12.8.schema] names like __proto__ are data', () => {
  for (const text of ['{"__proto__":{"polluted":true},"a":1}', '__proto__: { polluted: true }\na: 1']) {
    const value = parse(text) as Record<string, unknown>
    expect(Object.hasOwn(value, '__proto__')).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(value['polluted']).toBeUndefined()
  }
})
