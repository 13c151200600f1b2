import { deprecationFields, deprecationOf } from './deprecations.ts'
import { expect, test } from 'vitest'
import { record, startFarp } from '../testing/harness.ts'
import { startFarpService } from '@octopus-gateway/testing'
import type { JsonObject } from '../json.ts'
import type { OpenApiDocument } from '@octopus-gateway/testing'
import type { RouteDefinition } from '@octopus-gateway/core'

const ok = { '200': { description: 'ok' } }

/** The routes of a service with this document and these declarations, by method and path. */
async function routesOf(
  paths: JsonObject,
  { deprecations, routing }: { readonly deprecations?: readonly object[]; readonly routing?: object } = {},
): Promise<ReadonlyMap<string, RouteDefinition>> {
  const openapi = { openapi: '3.1.0', info: { title: 't', version: '1' }, paths } as unknown as OpenApiDocument
  await using service = await startFarpService({ name: 'users', openapi })
  const schema = { type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: service.openapiUrl } }
  service.update({
    manifest: {
      schemas: [{ ...schema, ...(deprecations === undefined ? {} : { compatibility: { mode: 'backward', deprecations } }) }],
      ...(routing === undefined ? {} : { routing }),
    },
  })
  await using farp = startFarp()
  farp.discover([record('users', service.port)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  return new Map(farp.routes('users').map((route) => [`${route.methods![0]!} ${route.path}`, route]))
}

test('what the document marks is told, without a date when there is none', async () => {
  const routes = await routesOf({
    '/old': {
      get: { deprecated: true, responses: ok },
      post: { deprecated: true, 'x-sunset': '2030-06-30', responses: ok },
      put: { responses: ok },
    },
  })
  expect(routes.get('GET /users/old')).toMatchObject({
    deprecated: true,
    responseFields: { deprecation: '@0' },
    meta: { deprecated: true },
  })
  expect(routes.get('POST /users/old')!.responseFields).toEqual({ deprecation: '@0', sunset: 'Sun, 30 Jun 2030 00:00:00 GMT' })
  expect(routes.get('PUT /users/old')).not.toHaveProperty('responseFields')
  expect(routes.get('PUT /users/old')).not.toHaveProperty('deprecated')
})

test('what compatibility.deprecations names is told, however it is written', async () => {
  const operation = { responses: ok }
  const paths = {
    '/users/v1/list': { get: operation, post: operation },
    '/users/v2/list': { get: operation },
    '/things/{id}': { get: operation, delete: operation },
  }
  const routes = await routesOf(paths, {
    deprecations: [
      {
        path: '/paths/users/v1/list',
        deprecated_at: '2024-01-15T00:00:00Z',
        removal_date: '2030-06-30T23:59:59Z',
        replacement: '/paths/users/v2/list',
        migration: 'https://docs.example.com/v2',
        reason: 'slow\u0007',
      },
      { path: '/paths/~1things~1{key}/delete', deprecated_at: '2024-01-15', replacement: '/things/{id}/archive' },
      { path: 'nonsense', deprecated_at: '2024-01-15' },
    ],
  })
  for (const key of ['GET /users/users/v1/list', 'POST /users/users/v1/list']) {
    expect(routes.get(key)!.responseFields, key).toEqual({
      deprecation: '@1705276800',
      sunset: 'Sun, 30 Jun 2030 23:59:59 GMT',
      link: '</users/users/v2/list>; rel="successor-version", <https://docs.example.com/v2>; rel="deprecation"',
    })
  }
  expect(routes.get('GET /users/users/v1/list')!.meta!['deprecation']).toEqual({
    since: 1705276800,
    removal: 1909094399,
    replacement: '/paths/users/v2/list',
    migration: 'https://docs.example.com/v2',
    reason: 'slow',
  })
  // A template has no address to link to.
  expect(routes.get('DELETE /users/things/{id}')!.responseFields).toEqual({ deprecation: '@1705276800' })
  for (const key of ['GET /users/users/v2/list', 'GET /users/things/{id}'])
    expect(routes.get(key), key).not.toHaveProperty('responseFields')
})

test('a version that is to go marks all its routes', async () => {
  const versioning = { strategy: 'url_path', deprecation_policy: { deprecation_date: '2024-01-15', sunset_date: '2030-06-30' } }
  const routes = await routesOf({ '/a': { get: { responses: ok } } }, { routing: { strategy: 'service', versioning } })
  expect(routes.get('GET /users/a')!.responseFields).toEqual({ deprecation: '@1705276800', sunset: 'Sun, 30 Jun 2030 00:00:00 GMT' })
})

test('nothing that a manifest says ends a field or names a place that is none', () => {
  const base = { since: 0, removal: undefined, replacement: undefined, migration: undefined, reason: undefined }
  const link = (replacement: string, migration?: string) =>
    deprecationFields({ ...base, replacement, migration }, { prefix: '/users' })['link']
  for (const text of ['/a>; rel="x', '/a\r\nx: y', '//evil.example/a', 'javascript:alert(1)', 'https://u:p@a/', '/a b', '', '/é']) {
    expect(link(text, text), text).toBeUndefined()
  }
  expect(link('/a%20b')).toBe('</users/a%20b>; rel="successor-version"')
  expect(link('https://a/<b>')).toBe('<https://a/%3Cb%3E>; rel="successor-version"')
  expect(link('https://api.example.com/v2')).toBe('<https://api.example.com/v2>; rel="successor-version"')
})

test('dates that are none are not told', () => {
  const operation = { path: '/a', method: 'GET', deprecated: true, extensions: { 'x-sunset': 'tomorrow' } }
  const manifest = {
    raw: { routing: { versioning: { deprecation_policy: { sunset_date: '2030-02-31T99:00:00Z', deprecation_date: 5 } } } },
  }
  expect(deprecationOf(operation as never, manifest as never, undefined)).toMatchObject({ since: 0, removal: undefined })
})
