import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { isSigned } from './signature.ts'
import { once } from 'node:events'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import { recordOf, startFarp } from '../testing/harness.ts'
import type { AddressInfo } from 'node:net'
import type { FarpOptions } from '../options.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { GatewayEvent, Snapshot } from '@octopus-gateway/core'
import type { Harness } from '../testing/harness.ts'

const SECRET = 'a secret of sixteen'

interface Got {
  readonly event: string
  readonly delivery: string
  readonly isSigned: boolean
  readonly body: Readonly<Record<string, unknown>>
  readonly at: number
}

/** Takes webhooks; answers each with the next of these statuses, the last of them from then on. */
async function receiver(...statuses: number[]): Promise<{ readonly url: string; readonly got: Got[] }> {
  const got: Got[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    const body = Buffer.concat(parts)
    const header = (name: string): string => String(request.headers[name])
    got.push({
      event: header('x-farp-event'),
      delivery: header('x-farp-delivery'),
      isSigned: isSigned(header('x-farp-signature'), body, SECRET),
      body: JSON.parse(body.toString()) as Got['body'],
      at: performance.now(),
    })
    response.writeHead(statuses.length > 1 ? statuses.shift()! : (statuses[0] ?? 200), { location: 'http://127.0.0.1:1/' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got }
}

const EVENTS = ['circuit.breaker.open', 'circuit.breaker.closed', 'config.updated', 'routes.changed', 'traffic.shift', 'gateway.shutdown']

async function start(webhook: object, options: FarpOptions = {}): Promise<{ farp: Harness; users: FarpService }> {
  const users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /a']), manifest: { webhook } })
  const farp = startFarp({ watchInterval: '1h', allowedHosts: ['127.0.0.1'], ...options, webhooks: { send: true, ...options.webhooks } })
  onTestFinished(async () => {
    await farp.stop()
    await users.stop()
  })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  return { farp, users }
}

const FAST = { max_attempts: 3, initial_delay: '1ms', max_delay: '4ms', multiplier: 2 }

function swapped(service: string): GatewayEvent {
  const diff = { added: [{ service }, { service }], removed: [], changed: [{ service: 'other' }] } as never
  return { kind: 'snapshot', next: { generation: 7 } as Snapshot, previous: {} as Snapshot, diff }
}

test('each event that there is reaches who subscribed to it, signed, with an id and a fresh timestamp', async () => {
  const { url, got } = await receiver()
  const { farp, users } = await start({ service_webhook: url, secret: SECRET, subscribe_events: EVENTS })
  const key = `users/${recordOf(users).id}`
  farp.emit(swapped('users'))
  farp.emit({ kind: 'circuit', upstream: 'users', endpoint: key, isOpen: true, reason: 'status 503' })
  farp.emit({ kind: 'circuit', upstream: 'users', endpoint: key, isOpen: false, reason: '' })
  farp.emit({ kind: 'circuit', upstream: 'users', endpoint: 'users/another', isOpen: true, reason: 'status 503' })
  farp.emit({ kind: 'updated' })
  await waitFor(() => got.length === 4)
  expect(got.map(({ event, body }) => [event, body['data']])).toEqual([
    ['routes.changed', { generation: 7, added: 2, changed: 0, removed: 0 }],
    ['circuit.breaker.open', { upstream: 'users', reason: 'status 503' }],
    ['circuit.breaker.closed', { upstream: 'users' }],
    ['config.updated', {}],
  ])
  for (const { event, body, isSigned: signed } of got) {
    expect(signed).toBe(true)
    expect(body).toMatchObject({ event, type: event, source: { gateway_id: expect.stringMatching(/^octopus-/) } })
    expect(Math.abs(Date.now() / 1000 - (body['timestamp'] as number))).toBeLessThan(60)
  }
  expect(new Set(got.map(({ delivery }) => delivery)).size).toBe(4)
  const waits: Promise<unknown>[] = []
  farp.emit({ kind: 'closing', waitFor: (work) => void waits.push(work) })
  await Promise.all(waits)
  expect(got.at(-1)).toMatchObject({ event: 'gateway.shutdown', isSigned: true })
})

test('a shift of traffic is told when weights change', async () => {
  const { url, got } = await receiver()
  const { farp, users } = await start({ service_webhook: url, secret: SECRET, subscribe_events: EVENTS })
  await using twin = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /a']) })
  farp.discover([recordOf(users), recordOf(twin, { weight: 3 })])
  await waitFor(() => got.length === 1)
  const [one, two] = [recordOf(users).id, recordOf(twin).id]
  expect(got[0]).toMatchObject({ event: 'traffic.shift', body: { data: { instances: { [one]: 0.25, [two]: 0.75 } } } })
})

test('nothing is sent to who did not subscribe, has no secret, or where the operator does not allow it', async () => {
  const { url, got } = await receiver()
  const base = { service_webhook: url, secret: SECRET, subscribe_events: EVENTS }
  const quiet = [
    await start({ ...base, subscribe_events: ['ratelimit.changed'] }),
    await start({ ...base, secret: '' }),
    await start(base, { webhooks: { send: false } }),
    await start(base, { webhooks: { manifestSecrets: false } }),
  ]
  const { farp } = await start(base)
  for (const one of [...quiet, { farp }]) one.farp.emit({ kind: 'updated' })
  await waitFor(() => got.length === 1)
  for (const one of quiet) await one.farp.stop()
  expect(got).toHaveLength(1)
})

test('a delivery is tried again under the same id while that may help', async () => {
  const { url, got } = await receiver(503, 429, 200)
  const { farp } = await start({ service_webhook: url, secret: SECRET, subscribe_events: EVENTS, retry: FAST })
  farp.emit({ kind: 'updated' })
  await waitFor(() => got.length === 3)
  expect(new Set(got.map(({ delivery }) => delivery)).size).toBe(1)
  farp.emit({ kind: 'updated' })
  await waitFor(() => got.length === 4)
  expect(got[3]!.delivery).not.toBe(got[0]!.delivery)
})

test('what the receiver says about the message ends the attempts, a redirect too, and so does their number', async () => {
  for (const [statuses, attempts] of [
    [[400], 1],
    [[307], 1],
    [[503], 3],
  ] as const) {
    const { url, got } = await receiver(...statuses)
    const { farp } = await start({ service_webhook: url, secret: SECRET, subscribe_events: EVENTS, retry: FAST })
    farp.emit({ kind: 'updated' })
    await waitFor(() => farp.logged.some((line) => line.includes('not delivered')))
    expect(got, String(statuses)).toHaveLength(attempts)
  }
})

test('a slow receiver holds up nobody, and what waits for it stays small and new', async () => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    seen.push(String(request.headers['x-farp-event']))
    request.resume()
    await held
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { farp, users } = await start({ service_webhook: url, secret: SECRET, subscribe_events: EVENTS, retry: { max_attempts: 1 } })
  const endpoint = `users/${recordOf(users).id}`
  farp.emit({ kind: 'updated' })
  await waitFor(() => seen.length === 1)
  for (let n = 0; n < 50; n++) farp.emit({ kind: 'updated' })
  farp.emit(swapped('users'))
  for (let n = 0; n < 150; n++) farp.emit({ kind: 'circuit', upstream: 'users', endpoint, isOpen: true, reason: `${n}` })
  expect(farp.logged.filter((line) => line.includes('too many wait'))).toHaveLength(52)
  release()
  await waitFor(() => seen.length === 101)
  expect(new Set(seen.slice(1))).toEqual(new Set(['circuit.breaker.open']))
})

test('[R38] [F12.1.every-url] an address that no manifest may point to is not contacted: the instance itself gets the message', async () => {
  const { url, got } = await receiver()
  const paths: string[] = []
  const handler = (request: { url?: string }, response: { end(): void }): void => {
    paths.push(request.url!)
    response.end()
  }
  const users = await startFarpService({
    name: 'users',
    openapi: openapiOf('Users', ['POST /hook']),
    manifest: { webhook: { service_webhook: url.replace('127.0.0.1', '169.254.169.254'), secret: SECRET, subscribe_events: EVENTS } },
    handler: handler as never,
  })
  await using farp = startFarp({ watchInterval: '1h', webhooks: { send: true } })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  farp.emit({ kind: 'updated' })
  await waitFor(() => paths.length === 1)
  expect([paths, got]).toEqual([['/hook'], []])
  await users.stop()
})

test('a place whose path reads like another host is tried on the instance, and takes nobody down', async () => {
  const { farp } = await start({ service_webhook: 'http://elsewhere.example//', secret: SECRET, subscribe_events: EVENTS })
  farp.emit({ kind: 'updated' })
  // The instance answers 404 there.
  await waitFor(() => farp.logged.includes('a webhook was not delivered'))
})
