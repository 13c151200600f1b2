import { expect, test } from 'vitest'
import fc from 'fast-check'
import { adaptOpenApi } from './openapi.ts'
import { LIMITS } from '../limits.ts'
import { toPathPattern } from './path-pattern.ts'
import type { JsonObject } from '../json.ts'

const adapt = (document: JsonObject): ReturnType<typeof adaptOpenApi> => adaptOpenApi({ openapi: '3.1.0', ...document }, LIMITS)

test('one operation per path and method, TRACE excluded', () => {
  const { operations } = adapt({
    paths: { '/a': { get: {}, put: {}, post: {}, delete: {}, options: {}, head: {}, patch: {}, trace: {}, parameters: [], 'x-get': {} } },
  })
  expect(operations.map(({ method }) => method).sort()).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
})

test('what an operation carries', () => {
  const { operations } = adapt({
    security: [{ key: [] }],
    paths: {
      '/a': {
        summary: 'item',
        get: { operationId: 'a', tags: ['t', 1], deprecated: true, 'x-rate-limit': 5 },
        post: { summary: 'own', security: [] },
      },
    },
  })
  expect(operations[0]).toMatchObject({
    operationId: 'a',
    summary: 'item',
    tags: ['t'],
    deprecated: true,
    security: [{ key: [] }],
    extensions: { 'x-rate-limit': 5 },
  })
  expect(operations[1]).toMatchObject({ summary: 'own', deprecated: false, security: [] })
})

test('[F12.9.remote] [F12.9.cycles] path items through local references; circles and other documents are left out', () => {
  const { operations, findings } = adapt({
    paths: {
      '/a': { $ref: '#/components/pathItems/A' },
      '/b': { $ref: '#/components/pathItems/Loop' },
      '/c': { $ref: 'http://evil/x.json' },
      '/d': 1,
    },
    components: { pathItems: { A: { get: {} }, Loop: { $ref: '#/components/pathItems/Loop' } } },
  })
  expect(operations.map(({ path }) => path)).toEqual(['/a'])
  expect(findings.map(({ code }) => code)).toEqual(['PATH_SKIPPED', 'PATH_SKIPPED', 'PATH_SKIPPED'])
})

test('what is no OpenAPI 3 document', () => {
  for (const version of [undefined, '2.0', '4.0.0', '3', 3.1]) expect(() => adaptOpenApi({ openapi: version, paths: {} }, LIMITS)).toThrow()
  expect(adaptOpenApi({ openapi: '3.0.3' }, LIMITS).operations).toEqual([])
})

test('OpenAPI 3.2: QUERY, other methods by their names, references by the name of the document', () => {
  const { operations, findings } = adaptOpenApi(
    {
      openapi: '3.2.0',
      $self: 'https://api.example.com/openapi.json#',
      paths: {
        '/a': {
          query: { operationId: 'find' },
          additionalOperations: { LINK: { operationId: 'link' }, TRACE: {}, CONNECT: {}, PRI: {}, 'no method': {}, lower: {}, POST: 1 },
        },
        '/b': { $ref: 'https://api.example.com/openapi.json#/components/pathItems/B' },
        '/c': { $ref: 'https://elsewhere.example.com/openapi.json#/components/pathItems/B' },
      },
      components: { pathItems: { B: { get: {} } } },
    },
    LIMITS,
  )
  expect(operations.map(({ method, path, operationId }) => `${method} ${path} ${operationId ?? ''}`)).toEqual([
    'QUERY /a find',
    'LINK /a link',
    'GET /b ',
  ])
  expect(findings.filter(({ message }) => /method/.test(message))).toHaveLength(6)
  expect(findings.some(({ message }) => message.includes('"/c"'))).toBe(true)
})

test('two templates for one path are one route', () => {
  const { operations } = adapt({ paths: { '/a/{id}': { get: {} }, '/a/{name}': { get: {}, put: {} } } })
  expect(operations.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /a/{id}', 'PUT /a/{name}'])
})

test("schema paths in the gateway's syntax", () => {
  for (const [path, pattern] of [
    ['/', '/'],
    ['/users/{id}', '/users/{id}'],
    ['/files/{name}.json', '/files/{name}.json'],
    ['/items:batch', '/items:batch'],
    ['/items/:batch', '/items/%3Abatch'],
    ['/a/*', '/a/%2A'],
    ['/a/*b/c', '/a/%2Ab/c'],
    ['/:{id}', '/%3A{id}'],
    ['/a b', '/a%20b'],
    ['/größe', '/gr%C3%B6%C3%9Fe'],
    ['/users/', '/users/'],
    ['/{user id}', '/{user_id}'],
    ['/a%20b', '/a%20b'],
  ]) {
    expect(toPathPattern(path!), path).toMatchObject({ pattern })
  }
})

test('[R38] [F12.10.paths] paths that reach outside their mount or confuse a router are skipped', () => {
  for (const path of [
    'users',
    '',
    '/../admin',
    '/a/..',
    '/./a',
    '/%2e%2e/a',
    '/a/%2E./b',
    '//evil',
    '/a//b',
    '/a\\b',
    '/a?b',
    '/a#b',
    '/a\u0000',
    '/a\r\nb',
    '/a%2fb',
    '/a%5Cb',
    '/a%00',
    '/a%zz',
    '/{',
    '/a}',
    '/{}',
    '/{a}{b}',
    '/{a}/{a}',
    `/${'a'.repeat(3000)}`,
  ]) {
    expect(toPathPattern(path), JSON.stringify(path)).toHaveProperty('problem')
  }
})

test('any text is a pattern without syntax of its own, or a problem', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^\/[a-z{}:*%./-]{0,20}$/))
  fc.assert(
    fc.property(text, (path) => {
      const found = toPathPattern(path)
      if ('problem' in found) return
      expect(found.pattern).toMatch(/^\/[\u0021-\u007e]*$/)
      for (const segment of found.pattern.slice(1).split('/')) expect(segment).not.toMatch(/^[:*]|^\.{1,2}$/)
      expect(() => decodeURIComponent(found.pattern)).not.toThrow()
    }),
    { numRuns: 2000 },
  )
})

test('[R38] a relative server with dot segments is no prefix', () => {
  for (const url of ['/../admin', 'api/../..', '/%2e%2e', '/a?b', '/{unknown}', 'javascript:alert(1)\\']) {
    const { operations, findings } = adapt({ servers: [{ url }], paths: { '/a': { get: {} } } })
    expect(operations[0]!.serverPrefix, url).toBe('')
    expect(
      findings.map(({ code }) => code),
      url,
    ).toEqual(['SERVER_IGNORED'])
  }
})

test('[R38] references do not make a large document of a small one', () => {
  const paths = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`/p${i}`, { $ref: '#/components/pathItems/A' }]))
  const tags = Array.from({ length: 10_000 }, (_, i) => `t${i}`)
  const shared = (item: JsonObject): JsonObject => ({ paths, components: { pathItems: { A: item } } })
  expect(() => adapt(shared({ get: { tags } }))).toThrow('once its references are followed')
  const methods = Object.fromEntries(tags.map((_, i) => [`M${i}`, {}]))
  expect(() => adapt(shared({ additionalOperations: methods }))).toThrow('it has more than 10000 operations')
  const security = tags.map((name) => ({ [name]: [] }))
  expect(() => adapt({ ...shared({ get: {} }), security })).toThrow('once its references are followed')
  const long = [{ ['a'.repeat(100_000)]: ['b'.repeat(100_000)] }]
  expect(() => adapt(shared({ get: { security: long } }))).toThrow('once its references are followed')
  expect(adapt(shared({ get: { tags: ['t'] } })).operations).toHaveLength(5_000)
})

test('[R38] addresses of servers cost no more than a path may', () => {
  const long = `/${'/'.repeat(400_000)}x`
  const names = '{a}'.repeat(500)
  for (const server of [{ url: `x${long}` }, { url: names, variables: { a: { default: 'b'.repeat(1_000_000) } } }]) {
    const { operations, findings } = adapt({ servers: [server], paths: { '/a': { get: {} } } })
    expect([operations.map(({ serverPrefix }) => serverPrefix), findings.map(({ code }) => code)]).toEqual([[''], ['SERVER_IGNORED']])
  }
})

test('a path of more segments than anybody has is left out', () => {
  expect(toPathPattern('/a'.repeat(64))).not.toHaveProperty('problem')
  expect(toPathPattern('/a'.repeat(65))).toEqual({ problem: 'it has more than 64 segments' })
})
