import { afterAll, beforeAll, expect } from 'vitest'
import { get } from 'node:http'
import { behaviour } from './behaviour.ts'
import { running, type Running } from './running.ts'
import { SECRET, withToken } from './token.ts'
import { startService, type Service } from '@octopus-gateway/testing'
import { upstream } from './yaml.ts'

const JSON_TEXT = JSON.stringify(
  Array.from({ length: 400 }, (_, index) => ({ id: index * 7919, name: `item ${(index * 104_729) % 1000}` })),
)

let up: Service
beforeAll(async () => {
  up = await startService({
    handler(request, response) {
      const [, type, size] = /^\/(\w+\/\w+)\/(\d+)/.exec(request.url!) ?? []
      if (type === undefined) return void response.setHeader('X-Own', 'o').end('short')
      const body = JSON_TEXT.slice(0, Number(size))
      response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length })
      response.end(body)
    },
  })
})
afterAll(() => up[Symbol.asyncDispose]())

/** A gateway with this for every route. */
const withMiddleware = (...items: readonly string[]): Promise<Running> => running(`middleware: [${items.join(', ')}]\n${upstream(up.port)}`)

async function answer(gateway: Running, path = '/', init: RequestInit = {}): Promise<Response> {
  const response = await fetch(gateway.url + path, init)
  await response.arrayBuffer()
  return response
}

async function statuses(gateway: Running, count: number, init: (index: number) => RequestInit = () => ({})): Promise<number[]> {
  const list: number[] = []
  for (let index = 0; index < count; index++) list.push(await gateway.status('/', init(index)))
  return list
}

behaviour('middleware[]', 'its order is the order in which they run', async () => {
  const run = (list: string): Promise<Running> =>
    running(`middleware: ${list}\nplugins: [{ name: jwt-auth, config: { secret: "${SECRET}" } }]\n${upstream(up.port)}`)
  const anonymous = (): RequestInit => ({})
  const known = (): RequestInit => withToken()
  await using counted = await run('[{ name: rate_limit, rate: 1, per: 1h }, auth]')
  expect([...(await statuses(counted, 2, anonymous)), ...(await statuses(counted, 1, known))]).toEqual([401, 429, 429])
  await using refused = await run('[auth, { name: rate_limit, rate: 1, per: 1h }]')
  expect([...(await statuses(refused, 2, anonymous)), ...(await statuses(refused, 2, known))]).toEqual([401, 401, 200, 429])
})

behaviour('routes[].middleware[]', 'runs for this route only, after those of every route', async () => {
  const limit = '{ name: rate_limit, rate: 1, per: 1h }'
  const routes = `routes: [{ path: /a, upstream: up, middleware: [${limit}] }, { path: /*, upstream: up }]\n`
  await using gateway = await running(`middleware: [cors]\n${upstream(up.port).replace(/routes:.*\n/, routes)}`)
  expect([await gateway.status('/a'), await gateway.status('/a'), await gateway.status('/b'), await gateway.status('/b')]).toEqual([
    200, 429, 200, 200,
  ])
})

behaviour('middleware[request_id].header', 'carries the id both ways', async () => {
  for (const [item, name] of [
    ['request_id', 'x-request-id'],
    ['{ name: request_id, header: X-Trace }', 'x-trace'],
  ] as const) {
    await using gateway = await withMiddleware(item)
    const id = (await answer(gateway)).headers.get(name)
    expect(id).toMatch(/^\S{8,}$/)
    expect(up.requests.at(-1)!.header(name)).toBe(id)
  }
  await using without = await withMiddleware('cors')
  expect((await answer(without)).headers.has('x-request-id')).toBe(false)
})

behaviour(
  'middleware[request_id].trust_inbound',
  'true keeps the id of every client, false that of none, by default that of trusted proxies',
  async () => {
    const kept = async (item: string, server = ''): Promise<boolean> => {
      await using gateway = await running(`${server}middleware: [${item}]\n${upstream(up.port)}`)
      return (await answer(gateway, '/', { headers: { 'x-request-id': 'their-own-id' } })).headers.get('x-request-id') === 'their-own-id'
    }
    const trusting = 'server: { trusted_proxies: [127.0.0.0/8] }\n'
    expect(await kept('{ name: request_id, trust_inbound: true }')).toBe(true)
    expect(await kept('{ name: request_id, trust_inbound: false }', trusting)).toBe(false)
    expect([await kept('request_id'), await kept('request_id', trusting)]).toEqual([false, true])
  },
)

behaviour('middleware[rate_limit].rate', 'is how many may pass, 100 by default', async () => {
  await using gateway = await withMiddleware('{ name: rate_limit, rate: 2, per: 1h }')
  expect(await statuses(gateway, 4)).toEqual([200, 200, 429, 429])
  await using standard = await withMiddleware('{ name: rate_limit, per: 1h }')
  expect((await statuses(standard, 101)).filter((status) => status === 200)).toHaveLength(100)
})

behaviour('middleware[rate_limit].per', 'is how long it takes until as many may pass again, 1s by default', async () => {
  const wait = async (item: string): Promise<number> => {
    await using gateway = await withMiddleware(item)
    await answer(gateway)
    return Number((await answer(gateway)).headers.get('retry-after'))
  }
  expect(await wait('{ name: rate_limit, rate: 1, per: 30s }')).toBeGreaterThan(20)
  expect(await wait('{ name: rate_limit, rate: 1 }')).toBe(1)
})

behaviour('middleware[rate_limit].burst', 'is how many may pass at once, as many as rate by default', async () => {
  await using gateway = await withMiddleware('{ name: rate_limit, rate: 1, burst: 3, per: 1h }')
  expect(await statuses(gateway, 4)).toEqual([200, 200, 200, 429])
})

behaviour('middleware[rate_limit].key', 'says who is counted together, clients of one address by default', async () => {
  const by = (index: number): RequestInit => ({ headers: { 'x-key': `k${index % 2}` } })
  await using field = await withMiddleware('{ name: rate_limit, rate: 1, per: 1h, key: "header:X-Key" }')
  expect(await statuses(field, 4, by)).toEqual([200, 200, 429, 429])
  await using both = await withMiddleware('{ name: rate_limit, rate: 1, per: 1h, key: [ip, "header:x-key"] }')
  expect(await statuses(both, 4, by)).toEqual([200, 200, 429, 429])
  await using standard = await withMiddleware('{ name: rate_limit, rate: 1, per: 1h }')
  expect(await statuses(standard, 2, by)).toEqual([200, 429])
})

behaviour('middleware[rate_limit].cost', 'is how much a request uses, 1 by default', async () => {
  await using gateway = await withMiddleware('{ name: rate_limit, rate: 6, per: 1h, cost: 3 }')
  expect(await statuses(gateway, 3)).toEqual([200, 200, 429])
})

behaviour('middleware[rate_limit].legacy_headers', 'true, the default, sends them too', async () => {
  const names = async (item: string): Promise<string[]> => {
    await using gateway = await withMiddleware(item)
    return [...(await answer(gateway)).headers.keys()].filter((name) => name.includes('ratelimit'))
  }
  const standard = ['ratelimit', 'ratelimit-policy']
  const legacy = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']
  expect(await names('rate_limit')).toEqual([...standard, ...legacy])
  expect(await names('{ name: rate_limit, legacy_headers: false }')).toEqual(standard)
})

const ORIGIN = 'https://shop.example'

/** What a page of an origin is told, by a request or by the preflight for a `method` and a field. */
async function cors(
  options: string,
  { method, origin = ORIGIN, routeKeys }: { method?: string; origin?: string; routeKeys?: string } = {},
): Promise<Headers> {
  await using gateway = await running(
    `middleware: [{ name: cors${options} }]\n${upstream(up.port, routeKeys === undefined ? {} : { route: routeKeys })}`,
  )
  const preflight = { 'access-control-request-method': method ?? '', 'access-control-request-headers': 'x-one, x-two' }
  const init = method === undefined ? { headers: { origin } } : { method: 'OPTIONS', headers: { origin, ...preflight } }
  return (await answer(gateway, '/', init)).headers
}

const US = `, allowed_origins: ["${ORIGIN}"]`

behaviour('middleware[cors].allowed_origins[]', 'are told that they may read, nobody by default', async () => {
  const allowed = async (options: string, origin = ORIGIN): Promise<string | null> =>
    (await cors(options, { origin })).get('access-control-allow-origin')
  expect([await allowed(''), await allowed(US), await allowed(US, 'https://evil.example')]).toEqual([null, ORIGIN, null])
  expect(await allowed(', allowed_origins: ["https://*.example"]')).toBe(ORIGIN)
  expect(await allowed(', allowed_origins: ["*"]', 'https://evil.example')).toBe('*')
})

behaviour('middleware[cors].allowed_methods[]', 'are what a preflight is told, those of the route by default', async () => {
  const told = async (options: string, routeKeys?: string): Promise<string | null> =>
    (await cors(US + options, { method: 'PUT', ...(routeKeys === undefined ? {} : { routeKeys }) })).get('access-control-allow-methods')
  expect(await told(', allowed_methods: [get, PATCH]')).toBe('GET, PATCH')
  expect(await told('', 'methods: [PUT, DELETE]')).toBe('PUT, DELETE')
  expect(await told('')).toBe('PUT')
})

behaviour('middleware[cors].allowed_headers[]', 'are what a preflight is told, those asked for by default', async () => {
  const told = async (options: string): Promise<string | null> =>
    (await cors(US + options, { method: 'PUT' })).get('access-control-allow-headers')
  expect([await told(', allowed_headers: [X-One]'), await told('')]).toEqual(['x-one', 'x-one, x-two'])
})

behaviour('middleware[cors].exposed_headers[]', 'are fields of answers that may be read, none by default', async () => {
  const told = async (options: string): Promise<string | null> => (await cors(US + options)).get('access-control-expose-headers')
  expect([await told(', exposed_headers: [X-Own]'), await told('')]).toEqual(['x-own', null])
})

behaviour('middleware[cors].max_age', 'is how long a preflight counts, 10m by default', async () => {
  const told = async (options: string): Promise<string | null> =>
    (await cors(US + options, { method: 'PUT' })).get('access-control-max-age')
  expect([await told(', max_age: 1h'), await told(', max_age: 0s'), await told('')]).toEqual(['3600', '0', '600'])
})

behaviour('middleware[cors].allow_credentials', 'true lets pages send cookies, which is not the default', async () => {
  const told = async (options: string): Promise<string | null> => (await cors(US + options)).get('access-control-allow-credentials')
  expect([await told(', allow_credentials: true'), await told('')]).toEqual(['true', null])
})

/** The coding and the coded size of an answer. */
async function coded(
  options: string,
  { accept = 'gzip', path = '/application/json/12000' } = {},
): Promise<{ coding: string | null; size: number }> {
  await using gateway = await withMiddleware(`{ name: compression${options} }`)
  let size = 0
  const coding = await new Promise<string | null>((resolve, reject) => {
    // `fetch` would decode it.
    get(gateway.url + path, { headers: { 'accept-encoding': accept } }, (response) => {
      response.on('data', (chunk: Buffer) => (size += chunk.length)).on('end', () => resolve(response.headers['content-encoding'] ?? null))
    }).on('error', reject)
  })
  return { coding, size }
}

behaviour('middleware[compression].algorithms[]', 'are used, the first that a client takes; br before gzip by default', async () => {
  const accept = 'gzip, br'
  expect((await coded('', { accept })).coding).toBe('br')
  expect((await coded(', algorithms: [gzip, br]', { accept })).coding).toBe('gzip')
  expect((await coded(', algorithms: [gzip]', { accept: 'br' })).coding).toBeNull()
})

behaviour('middleware[compression].min_size', 'smaller answers stay as they are, 1KiB by default', async () => {
  const at = async (options: string, size: number): Promise<string | null> =>
    (await coded(options, { path: `/application/json/${size}` })).coding
  expect([await at('', 1023), await at('', 1024)]).toEqual([null, 'gzip'])
  expect([await at(', min_size: 4KiB', 4095), await at(', min_size: 4KiB', 4096)]).toEqual([null, 'gzip'])
})

behaviour('middleware[compression].level', 'is how small answers become', async () => {
  const [fast, standard, small] = [await coded(', level: 1'), await coded(''), await coded(', level: 9')]
  expect([fast, standard, small].map(({ coding }) => coding)).toEqual(['gzip', 'gzip', 'gzip'])
  expect(fast.size).toBeGreaterThan(standard.size)
  expect(standard.size).toBeGreaterThan(small.size)
})

behaviour('middleware[compression].types[]', 'are compressed, text and its like by default', async () => {
  const of = async (options: string, type: string): Promise<string | null> => (await coded(options, { path: `/${type}/12000` })).coding
  expect([await of('', 'text/plain'), await of('', 'image/png')]).toEqual(['gzip', null])
  expect([await of(', types: [image/png]', 'text/plain'), await of(', types: [image/png]', 'image/png')]).toEqual([null, 'gzip'])
})
