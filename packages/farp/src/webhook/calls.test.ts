import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { once } from 'node:events'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import { record, startFarp } from '../testing/harness.ts'
import type { AddressInfo } from 'node:net'
import type { FarpOptions } from '../options.ts'
import type { Harness } from '../testing/harness.ts'
import type { GatewayEvent } from '@octopus-gateway/core'

const TOKEN = 'a token of the operator'

interface Call {
  readonly line: string
  readonly authorization: string | undefined
  readonly body: string
}

interface Answer {
  readonly status?: number
  readonly value?: unknown
}

interface Served {
  readonly calls: Call[]
  readonly port: number
}

/** A service with a manifest of one's own, and whatever else it answers; what has no answer waits for ever. */
async function serve(name: string, routes: readonly object[], answer: (line: string) => Answer | undefined): Promise<Served> {
  const calls: Call[] = []
  // Who has no answer holds its place for a minute.
  const polling = { interval: '1h', timeout: '1s', long_polling: name === 'slow' }
  const manifest = (): object => ({
    service_name: name,
    schemas: [{ type: 'openapi', location: { type: 'inline' }, inline_schema: openapiOf(name, ['GET /a']) }],
    webhook: { publish_events: ['maintenance.mode'], http_routes: { service_routes: routes, polling } },
  })
  const server = createServer(async (request, response) => {
    const line = `${request.method} ${request.url}`
    if (line === 'GET /_farp/manifest') return void response.end(JSON.stringify(manifest()))
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    calls.push({ line, authorization: request.headers.authorization, body: Buffer.concat(parts).toString() })
    const answered = answer(line)
    if (answered !== undefined) response.writeHead(answered.status ?? 200).end(JSON.stringify(answered.value ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  return { calls, port: (server.address() as AddressInfo).port }
}

async function start(
  routes: readonly object[],
  options: FarpOptions,
  answer: (line: string) => Answer = () => ({}),
): Promise<Served & { readonly farp: Harness }> {
  const served = await serve('users', routes, answer)
  const farp = startFarp({ watchInterval: '1h', ...options })
  onTestFinished(() => farp.stop())
  farp.discover([record('users', served.port, { id: 'users-1' })])
  await farp.until('it is routed', () => farp.routes('users').length > 0)
  return { ...served, farp }
}

const POLL = { id: 'p', path: '/farp/events', method: 'GET', type: 'event.poll', auth_required: true }
const ACK = { id: 'a', path: '/farp/events/{event_id}/ack', method: 'POST', type: 'event.ack', auth_required: true }

const EVENTS = [
  { event_id: 'a/../b c', event: 'maintenance.mode', data: { enabled: true } },
  { event_id: '2', event: 'schema.updated', data: {} },
  { event: 'maintenance.mode', data: { enabled: false } },
  'junk',
]

test('events are asked for, acted on and acknowledged, with the token of the operator', async () => {
  const answer = (line: string): Answer => (line === 'GET /farp/events' ? { value: EVENTS } : {})
  const { farp, calls } = await start([POLL, ACK], { webhooks: { poll: true, tokens: { users: TOKEN } } }, answer)
  await farp.until('it is out', () => farp.set('users')?.instances?.[0]?.status === 'maintenance')
  await waitFor(() => calls.length === 3)
  expect(calls.map(({ line }) => line)).toEqual(['GET /farp/events', 'POST /farp/events/a%2F..%2Fb%20c/ack', 'POST /farp/events/2/ack'])
  expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TOKEN}`]))
})

test('[R38] a service whose instances never answer does not keep others from being asked', async () => {
  let held = 0
  const answer = (line: string): Answer | undefined => {
    if (line === 'GET /farp/events') held++
    return undefined
  }
  const slow = await serve('slow', [{ ...POLL, auth_required: false }], answer)
  const users = await serve('users', [{ ...POLL, auth_required: false }], () => ({ value: [] }))
  const farp = startFarp({ watchInterval: '1h', webhooks: { poll: true } })
  onTestFinished(() => farp.stop())
  const instances = Array.from({ length: 70 }, (_, index) => record('slow', slow.port, { id: `slow-${index}` }))
  farp.discover(instances)
  await waitFor(() => held === 16)
  farp.discover([...instances, record('users', users.port, { id: 'users-1' })])
  await waitFor(() => users.calls.length === 1)
  expect(held).toBe(16)
})

test('nobody is asked who does not offer it, without the word of the operator, or without the token that is needed', async () => {
  const off = await start([POLL], { webhooks: { tokens: { users: TOKEN } } })
  const bare = await start([], { webhooks: { poll: true, tokens: { users: TOKEN } } })
  const broke = await start([POLL], { webhooks: { poll: true, tokens: { orders: TOKEN } } })
  await waitFor(() => broke.farp.logged.includes('an instance could not be asked for its events'))
  expect([off.calls, bare.calls, broke.calls]).toEqual([[], [], []])
})

const ask = async (farp: Harness, path: string, init: RequestInit = {}): Promise<[number, unknown]> => {
  const endpoint = farp.source.endpoints!.find((one) => one.path === path)!
  const response = await endpoint.handler(new Request(`http://admin.test${path}`, init), { ip: undefined, certificate: undefined })
  return [response.status, await response.json()]
}

const order = (body: object, type = 'application/json'): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': type },
  body: JSON.stringify(body),
})

test('an operator has control routes called, those alone, and on the instance alone', async () => {
  const routes = [
    { id: 'r', path: '/admin/reload', method: 'POST', type: 'lifecycle.reload' },
    { id: 'c', path: '/admin/config', method: 'PUT', type: 'config.update' },
    { id: 's', path: '/stop', method: 'POST', type: 'lifecycle.stop' },
    { id: 'x', path: '/\\evil.example/', method: 'POST', type: 'lifecycle.start' },
    POLL,
  ]
  const { farp, calls } = await start(routes, {}, (line) => (line.endsWith('/stop') ? { status: 500 } : {}))
  const call = (body: object): Promise<[number, unknown]> => ask(farp, '/_farp/control', order(body))
  expect(await call({ service: 'users', type: 'lifecycle.reload' })).toEqual([200, { results: [{ instance: 'users-1', status: 200 }] }])
  expect(await call({ service: 'users', type: 'config.update', instance: 'users-1', config: { a: 1 } })).toMatchObject([200, {}])
  expect(calls.map(({ line, body }) => [line, body])).toEqual([
    ['POST /admin/reload', ''],
    ['PUT /admin/config', '{"config":{"a":1}}'],
  ])
  expect(await call({ service: 'users', type: 'lifecycle.stop' })).toMatchObject([502, { results: [{ status: 500 }] }])
  expect(await call({ service: 'users', type: 'lifecycle.start' })).toMatchObject([
    502,
    { results: [{ error: 'the route leaves the instance' }] },
  ])
  expect((await call({ service: 'users', type: 'event.poll' }))[0]).toBe(400)
  expect((await call({ service: 'orders', type: 'lifecycle.stop' }))[0]).toBe(404)
  expect((await ask(farp, '/_farp/control', order({}, 'text/plain')))[0]).toBe(415)
  expect((await ask(farp, '/_farp/control'))[0]).toBe(405)
})

test('a control route that leads nowhere is the failure of its instance, not of the call', async () => {
  const { farp } = await start([{ id: 'x', path: '/\\', method: 'POST', type: 'lifecycle.start' }], {})
  expect(await ask(farp, '/_farp/control', order({ service: 'users', type: 'lifecycle.start' }))).toMatchObject([
    502,
    { results: [{ error: 'the route leaves the instance' }] },
  ])
})

test('a service that shows its token learns whether a schema is fine, and what the gateway does with it', async () => {
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /a']) })
  await using farp = startFarp({ webhooks: { tokens: { users: TOKEN, orders: 'another token here' } } })
  farp.discover([record('users', users.port)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  const authorization = `Bearer ${TOKEN}`
  const judge = (body: object, headers = { authorization }): Promise<[number, unknown]> =>
    ask(farp, '/_farp/schema/validate', { ...order(body), headers })
  expect(await judge({ schema_type: 'openapi', schema: openapiOf('X', ['GET /x']) })).toEqual([200, { valid: true, errors: [] }])
  expect(await judge({ schema_type: 'openapi', schema: 'openapi: 3.1.0\ninfo: {title: x, version: "1"}\npaths: {}\n' })).toMatchObject([
    200,
    { valid: true },
  ])
  expect(await judge({ schema_type: 'openapi', schema: { swagger: 'x' } })).toMatchObject([
    200,
    { valid: false, errors: [expect.any(String)] },
  ])
  expect((await judge({ schema_type: 'wsdl', schema: {} }))[0]).toBe(400)
  for (const wrong of ['Bearer x', 'Basic x', `Bearer ${TOKEN} `, ''])
    expect((await judge({}, { authorization: wrong }))[0], wrong).toBe(wrong === `Bearer ${TOKEN} ` ? 400 : 401)
  const route = {
    service: 'users',
    host: null,
    path: '/users/a',
    meta: { upstreamPath: '/a' },
    timeout: 30_000,
    connectTimeout: 2_000,
    idleTimeout: 60_000,
  }
  const routes = [route, { ...route, service: 'orders', path: '/orders/b', timeout: 1 }]
  const empty = { added: [], changed: [], removed: [] }
  farp.emit({ kind: 'snapshot', next: { routes }, previous: {}, diff: empty } as unknown as GatewayEvent)
  expect(await ask(farp, '/farp/config', { headers: { authorization } })).toEqual([
    200,
    { service: 'users', mounts: ['/users'], routes: 1, timeouts_ms: { request: 30_000, connect: 2_000, idle: 60_000 } },
  ])
  expect((await ask(farp, '/_farp/config'))[0]).toBe(401)
})
