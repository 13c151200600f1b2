import { expect, test } from 'vitest'
import { documentAdapter } from './document.ts'
import { LIMITS } from '../limits.ts'
import { orpcAdapter } from './orpc.ts'
import type { AdaptedSchema } from './adapter.ts'
import type { JsonObject } from '../json.ts'

function adapt(document: JsonObject, metadata: JsonObject = {}): AdaptedSchema {
  return orpcAdapter.adapt({ orpc: '1.0.0', ...document }, { limits: LIMITS, metadata, endpoint: undefined })
}

function lines({ operations }: AdaptedSchema): string[] {
  return operations.map(({ method, pattern, protocol }) => `${method} ${pattern} ${protocol}`)
}

test('the endpoint and each procedure below it; streams answer with events', () => {
  const found = adapt(
    { procedures: { 'user.get': {}, 'user/list': {}, watch: { streaming: true }, tail: {} } },
    { streaming_procedures: ['tail'] },
  )
  expect(lines(found)).toEqual([
    'POST /rpc rest',
    'POST /rpc/user.get rest',
    'POST /rpc/user/list rest',
    'GET /rpc/watch sse',
    'POST /rpc/watch sse',
    'GET /rpc/tail sse',
    'POST /rpc/tail sse',
  ])
})

test.each([
  ['/api/orpc/', '/api/orpc'],
  ['api', '/api'],
  ['http://elsewhere:3000/rpc2?x=1', '/rpc2'],
  ['/', '/'],
])('endpoint %s is %s', (endpoint, path) => {
  const found = lines(adapt({ transport: { protocol: 'http', endpoint }, procedures: { a: {} } }))
  expect(found).toEqual([`POST ${path} rest`, `POST ${path === '/' ? '' : path}/a rest`])
})

test('the path of batches only where they are enabled', () => {
  const procedures = { a: {}, __batch__: {} }
  expect(lines(adapt({ procedures }))).toEqual(['POST /rpc rest', 'POST /rpc/a rest'])
  expect(lines(adapt({ procedures }, { batch_enabled: false }))).not.toContain('POST /rpc/__batch__ rest')
  expect(lines(adapt({ procedures }, { batch_enabled: true }))).toContain('POST /rpc/__batch__ rest')
})

test('what a procedure carries', () => {
  const { operations } = adapt({
    security: [{ key: [] }],
    procedures: { a: { summary: 'A', tags: ['t'], deprecated: true, 'x-rate-limit': 3 }, b: { security: [] } },
  })
  expect(operations[1]).toMatchObject({
    operationId: 'a',
    summary: 'A',
    tags: ['t'],
    deprecated: true,
    security: [{ key: [] }],
    extensions: { 'x-rate-limit': 3 },
  })
  expect(operations[2]).toMatchObject({ operationId: 'b', security: [] })
})

test('[R38] names that are no plain paths are skipped', () => {
  const found = adapt({ procedures: { '../admin': {}, '{any}': {}, 'a?b': {}, '': {}, __proto__: {}, ok: {} } })
  expect(lines(found)).toContain('POST /rpc/ok rest')
  expect(lines(found).some((line) => /\.\.|\{|\?/.test(line))).toBe(false)
  expect(found.findings.map(({ code }) => code)).toEqual(['PATH_SKIPPED', 'PATH_SKIPPED', 'PATH_SKIPPED'])
  const hostile = JSON.parse('{"__proto__":{},"constructor":{}}') as JsonObject
  expect(lines(adapt({ procedures: hostile }))).toEqual(['POST /rpc rest', 'POST /rpc/__proto__ rest', 'POST /rpc/constructor rest'])
})

test('what is no oRPC', () => {
  expect(() => orpcAdapter.adapt({ openapi: '3.1.0' }, { limits: LIMITS, metadata: {}, endpoint: undefined })).toThrow('no "orpc" member')
  expect(() => adapt({ transport: { protocol: 'nats' } })).toThrow('nats')
})

test('languages that are documents only: JSON, YAML, or text', () => {
  const read = (text: string | Uint8Array): JsonObject =>
    documentAdapter.read(typeof text === 'string' ? new TextEncoder().encode(text) : text, LIMITS)
  expect(read('{"avro_version":"1.11.1"}')).toEqual({ avro_version: '1.11.1' })
  expect(read('protocol: A\ntypes: []\n')).toEqual({ protocol: 'A', types: [] })
  const idl = 'namespace js users\nservice Users {\n  string name(1: i64 id)\n}\n'
  expect(read(idl)).toEqual({ format: 'text', text: idl })
  expect(() => read('{"a":')).toThrow('not JSON')
  expect(() => read(Uint8Array.of(0xff, 0xfe, 0x00))).toThrow('UTF-8')
  expect(documentAdapter.adapt({}, { limits: LIMITS, metadata: {}, endpoint: undefined })).toEqual({ operations: [], findings: [] })
})

test('[R38] an endpoint of slashes costs no more than its length', () => {
  const { findings } = orpcAdapter.adapt(
    { orpc: '1.0', transport: { endpoint: `/x${'/'.repeat(400_000)}y` }, procedures: {} },
    { limits: LIMITS, metadata: {}, endpoint: undefined },
  )
  expect(findings.map(({ code }) => code)).toEqual(['PATH_SKIPPED'])
})
