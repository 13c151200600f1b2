import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { rawRequest, startService, type Service } from '@octopus-gateway/testing'
import { head } from './client.ts'
import { running, type Running } from './running.ts'

let one: Service
let two: Service
beforeAll(async () => {
  one = await startService({ name: 'one' })
  two = await startService({ name: 'two' })
})
afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
})

/** A gateway with these routes to the upstreams `one` and `two`. */
const routed = (...routes: readonly string[]): Promise<Running> =>
  running(
    `upstreams:\n${[one, two].map(({ name, port }) => `  - { name: ${name}, instances: [{ address: 127.0.0.1, port: ${port} }] }\n`).join('')}` +
      `routes:\n${routes.map((route) => `  - { ${route} }\n`).join('')}`,
  )

/** Who answers a path, or the status that says why nobody does. */
async function answerOf(gateway: Running, path: string, init?: RequestInit): Promise<unknown> {
  const { name, status } = await gateway.json(path, init)
  return name ?? status
}

/** The target that the upstream sees. */
const targetOf = async (gateway: Running, path: string): Promise<unknown> => (await gateway.json(path)).url

behaviour('routes[].path', 'decides by literal, parameter and rest', async () => {
  await using gateway = await routed(
    'path: "/users/{id}", upstream: one',
    'path: /files/*, upstream: two',
    'path: /users/me, upstream: two',
  )
  expect(await answerOf(gateway, '/users/7')).toBe('one')
  expect(await answerOf(gateway, '/users/me')).toBe('two')
  expect(await answerOf(gateway, '/files/a/b')).toBe('two')
  expect(await answerOf(gateway, '/users/7/x')).toBe(404)
})

behaviour('routes[].host', 'limits a route to a host; without it every host is answered', async () => {
  await using gateway = await routed('path: /, host: "*.example.com", upstream: one', 'path: /, upstream: two')
  const under = async (host: string): Promise<unknown> => {
    const { response } = await rawRequest(gateway.port, head('GET', '/').replace('gateway.test', host))
    return (JSON.parse(response.body.toString()) as { readonly name: string }).name
  }
  expect([await under('api.example.com'), await under('example.com'), await under('other.test')]).toEqual(['one', 'two', 'two'])
})

behaviour('routes[].methods[]', 'limits a route to methods; without it every method is answered', async () => {
  await using gateway = await routed('path: /some, methods: [get, PUT], upstream: one', 'path: /every, upstream: one')
  expect(await answerOf(gateway, '/some', { method: 'PUT' })).toBe('one')
  expect(await answerOf(gateway, '/some', { method: 'DELETE' })).toBe(405)
  expect(await gateway.status('/some', { method: 'HEAD' })).toBe(200)
  expect(await answerOf(gateway, '/every', { method: 'DELETE' })).toBe('one')
})

behaviour('routes[].upstream', 'is who answers', async () => {
  await using gateway = await routed('path: /a, upstream: one', 'path: /b, upstream: two')
  expect([await answerOf(gateway, '/a'), await answerOf(gateway, '/b')]).toEqual(['one', 'two'])
})

behaviour('routes[].strip_prefix', 'takes whole segments from the front', async () => {
  await using gateway = await routed('path: /api/*, upstream: one, strip_prefix: /api', 'path: /kept/*, upstream: one')
  expect(await targetOf(gateway, '/api/users/7?q=1')).toBe('/users/7?q=1')
  expect(await targetOf(gateway, '/api')).toBe('/')
  expect(await targetOf(gateway, '/kept/7')).toBe('/kept/7')
})

behaviour('routes[].add_prefix', 'is put in front, after strip_prefix', async () => {
  await using gateway = await routed(
    'path: /a/*, upstream: one, add_prefix: /v2',
    'path: /b/*, upstream: one, strip_prefix: /b, add_prefix: /v2',
  )
  expect(await targetOf(gateway, '/a/7')).toBe('/v2/a/7')
  expect(await targetOf(gateway, '/b/7?q=1')).toBe('/v2/7?q=1')
})

behaviour('routes[].priority', 'decides between routes of one place, 50 by default', async () => {
  await using higher = await routed('path: "/{x}", upstream: one', 'path: "/{y}", upstream: two, priority: 51')
  expect(await answerOf(higher, '/a')).toBe('two')
  await using lower = await routed('path: "/{x}", upstream: one', 'path: "/{y}", upstream: two, priority: 49')
  expect(await answerOf(lower, '/a')).toBe('one')
})

behaviour('routes[].priority', 'never decides between different patterns', async () => {
  await using gateway = await routed('path: /a, upstream: one, priority: 0', 'path: "/{x}", upstream: two, priority: 100')
  expect(await answerOf(gateway, '/a')).toBe('one')
})

behaviour('routes[].tags[]', 'are told by the admin API', async () => {
  await using gateway = await routed('path: /a, upstream: one, tags: [public, 2]', 'path: /b, upstream: one')
  expect((await gateway.view('/_/routes')).routes.map(({ tags }) => tags)).toEqual([['public', '2'], []])
})
