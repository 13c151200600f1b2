import { afterAll, beforeAll, expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { rawRequest, startService, waitFor, type Service } from '@octopus-gateway/testing'
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

const SPLIT = 'path: /*, upstream: [{ upstream: one }, { upstream: two'

/** Who answers so many requests. */
async function answers(gateway: Running, count: number, headers: Record<string, string> = {}): Promise<Set<unknown>> {
  const found = new Set<unknown>()
  for (let i = 0; i < count; i++) found.add(await answerOf(gateway, '/', { headers }))
  return found
}

behaviour('routes[].upstream[].upstream', 'all of a list answer', async () => {
  await using gateway = await routed(`${SPLIT} }]`)
  expect(await answers(gateway, 60)).toEqual(new Set(['one', 'two']))
})

behaviour('routes[].upstream[].weight', 'is the share, and 0 is none', async () => {
  await using gateway = await routed(`${SPLIT}, weight: 0 }]`)
  expect(await answers(gateway, 30)).toEqual(new Set(['one']))
})

behaviour('routes[].upstream[].match.headers', 'chooses by a header field', async () => {
  await using gateway = await routed(`${SPLIT}, weight: 0, match: { headers: { x-canary: "*" } } }]`)
  expect(await answers(gateway, 3)).toEqual(new Set(['one']))
  expect(await answers(gateway, 3, { 'x-canary': '1' })).toEqual(new Set(['two']))
})

behaviour('routes[].upstream[].match.cookies', 'chooses by a cookie', async () => {
  await using gateway = await routed(`${SPLIT}, weight: 0, match: { cookies: { group: b } } }]`)
  expect(await answers(gateway, 3, { cookie: 'group=a' })).toEqual(new Set(['one']))
  expect(await answers(gateway, 3, { cookie: 'group=b' })).toEqual(new Set(['two']))
})

behaviour('routes[].split_on', 'keeps a client at one of them', async () => {
  await using gateway = await routed(`${SPLIT} }], split_on: header:x-user`)
  const seen = new Set<unknown>()
  for (const user of 'abcdefghij') {
    const found = await answers(gateway, 8, { 'x-user': user })
    expect(found.size).toBe(1)
    for (const name of found) seen.add(name)
  }
  expect(seen.size).toBe(2)
})

/** How many of these requests the other upstream gets a copy of, in the end. */
async function copies(gateway: Running, requests: readonly RequestInit[], expected: number): Promise<void> {
  const before = two.requests.length
  for (const init of requests) expect(await answerOf(gateway, '/', init)).toBe('one')
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    return Array.from(text.matchAll(/^octopus_mirrored_requests_total\{.*\} (\d+)$/gm), ([, count]) => Number(count)).reduce(
      (a, b) => a + b,
      0,
    )
  }
  // Each request that a copy was meant for is counted, whatever became of it.
  const { percent } = (await gateway.view('/_/routes')).routes[0]!.mirror as { readonly percent: number }
  if (percent > 0) await waitFor(async () => (await counted()) === requests.length)
  expect(two.requests.length - before).toBe(expected)
}

behaviour('routes[].mirror.upstream', 'gets a marked copy of a request, and another answers', async () => {
  await using gateway = await routed('path: /, upstream: one, mirror: { upstream: two }')
  await copies(gateway, [{}], 1)
  expect(two.requests.at(-1)!.header('x-octopus-mirrored')).toBe('1')
})

behaviour('routes[].mirror.percent', 'is the share that is copied', async () => {
  await using gateway = await routed('path: /, upstream: one, mirror: { upstream: two, percent: 0 }')
  await copies(gateway, [{}, {}, {}], 0)
  await using all = await routed('path: /, upstream: one, mirror: { upstream: two, percent: 100 }')
  await copies(all, [{}, {}, {}], 3)
})

behaviour('routes[].mirror.max_body', 'is the longest body that is copied', async () => {
  await using gateway = await routed('path: /, upstream: one, mirror: { upstream: two, max_body: 4 }')
  const post = (body: string): RequestInit => ({ method: 'POST', body })
  await copies(gateway, [post('1234'), post('12345')], 1)
  expect(two.requests.at(-1)!.body).toBe('1234')
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

behaviour('routes[].rewrite.pattern', 'decides which paths are rewritten, after strip_prefix', async () => {
  await using gateway = await routed(
    'path: /a/*, upstream: one, rewrite: { pattern: "^/a/v1/(.*)$", replacement: "/$1" }',
    'path: /b/*, upstream: one, strip_prefix: /b, rewrite: { pattern: "^/v1", replacement: "" }, add_prefix: /api',
  )
  expect(await targetOf(gateway, '/a/v1/users?q=1')).toBe('/users?q=1')
  expect(await targetOf(gateway, '/a/users')).toBe('/a/users')
  expect(await targetOf(gateway, '/b/v1/users?q=/v1')).toBe('/api/users?q=/v1')
})

behaviour('routes[].rewrite.replacement', 'that makes no acceptable path of a request refuses it', async () => {
  await using gateway = await routed('path: /a/*, upstream: one, rewrite: { pattern: "^/a/(.*)$", replacement: "/x/../$1" }')
  expect(await gateway.status('/a/b')).toBe(400)
  expect(await gateway.status('/a')).toBe(200)
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
