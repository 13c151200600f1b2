import { expect, onTestFinished, test, vi } from 'vitest'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { recordOf, startFarp } from '../testing/harness.ts'
import { signatureOf } from './signature.ts'
import type { FarpOptions } from '../options.ts'
import type { FarpService, FarpServiceOptions } from '@octopus-gateway/testing'
import type { Harness } from '../testing/harness.ts'

const SECRET = 'a secret of sixteen'

interface Sent {
  readonly event?: string
  readonly data?: object
  readonly body?: string
  readonly secret?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly age?: number
  readonly method?: string
}

let deliveries = 0

/** Sends a message as the instance would; returns the status and what the answer says. */
async function send(farp: Harness, from: FarpService, sent: Sent = {}): Promise<[number, string]> {
  const { event = 'schema.updated', data = {}, secret = SECRET, headers = {}, age = 0, method = 'POST' } = sent
  const timestamp = Math.floor(Date.now() / 1000) - age
  const source = { service_name: from.name, instance_id: from.instanceId }
  const body = sent.body ?? JSON.stringify({ event, timestamp, source, data })
  const endpoint = farp.source.endpoints!.find(({ path }) => path === '/_farp/webhook')!
  const given = {
    'x-farp-event': event,
    'x-farp-delivery': `d-${deliveries++}`,
    'x-farp-source-instance': from.instanceId,
    'x-farp-signature': signatureOf(secret, Buffer.from(body)),
    ...headers,
  }
  const fields = Object.entries(given).filter(([, value]) => value !== '')
  const request = new Request('http://admin.test/_farp/webhook', { method, headers: fields, ...(method === 'GET' ? {} : { body }) })
  const response = await endpoint.handler(request, { ip: undefined, certificate: undefined })
  const answer = (await response.json()) as { status?: string; error?: string }
  return [response.status, answer.status ?? answer.error!]
}

interface Started {
  readonly farp: Harness
  readonly users: FarpService
}

async function start(
  webhook: object = { secret: SECRET },
  options: FarpOptions = {},
  more: Partial<FarpServiceOptions> = {},
): Promise<Started> {
  const users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /a']), manifest: { webhook }, ...more })
  const farp = startFarp({ watchInterval: '1h', ...options, webhooks: { receive: true, ...options.webhooks } })
  onTestFinished(async () => {
    await farp.stop()
    await users.stop()
  })
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length > 0)
  return { farp, users }
}

const statusOf = ({ farp }: Started): string | undefined => farp.set('users')?.instances?.[0]?.status

test('there is no webhook unless the operator wants one', async () => {
  await using farp = startFarp()
  expect(farp.source.endpoints!.filter(({ access }) => access === 'own')).toEqual([])
  expect(farp.source.endpoints!.map(({ path }) => path)).toContain('/_farp/control')
  await using open = startFarp({ webhooks: { receive: true } })
  expect(open.source.endpoints!.filter(({ access }) => access === 'own').map(({ path }) => path)).toEqual([
    '/_farp/webhook',
    '/farp/webhook',
  ])
})

test('schema.updated has the instance asked at once, where it always was', async () => {
  const { farp, users } = await start()
  users.update({ openapi: openapiOf('Users', ['GET /a', 'GET /b']) })
  const data = { manifest_url: 'http://169.254.169.254/manifest' }
  expect(await send(farp, users, { data })).toEqual([200, 'processed'])
  await farp.until('the new route is there', () => farp.routes('users').length === 2)
  expect(users.counts.manifest).toBe(2)
})

test('an instance takes itself out of the pool and back in', async () => {
  const started = await start()
  const { farp, users } = started
  await send(farp, users, { event: 'maintenance.mode', data: { enabled: true } })
  await farp.until('it is out', () => statusOf(started) === 'maintenance' && farp.origins('users').length === 0)
  await send(farp, users, { event: 'health.changed', data: { status: 'unhealthy', reason: 'disk' } })
  await send(farp, users, { event: 'maintenance.mode', data: { enabled: false } })
  await farp.until('it is unwell', () => statusOf(started) === 'unhealthy')
  await send(farp, users, { event: 'health.changed', data: { status: 'healthy' } })
  await farp.until('it is back', () => statusOf(started) === 'serving' && farp.origins('users').length === 1)
})

test('ill health counts for five minutes, and a manifest that says another status is newer', async () => {
  const started = await start({ secret: SECRET }, { watchInterval: '30ms' })
  const { farp, users } = started
  await send(farp, users, { event: 'health.changed', data: { status: 'unhealthy' } })
  await farp.until('it is unwell', () => statusOf(started) === 'unhealthy')
  users.update({ manifest: { webhook: { secret: SECRET }, instance: { address: '127.0.0.1', status: 'degraded' } } })
  await farp.until('the manifest counts', () => statusOf(started) === 'serving')
  await send(farp, users, { event: 'health.changed', data: { status: 'draining' } })
  await farp.until('it is out again', () => statusOf(started) === 'draining')
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 301_000)
  onTestFinished(() => void vi.restoreAllMocks())
  await farp.until('it is forgotten', () => statusOf(started) === 'serving')
})

test('[F12.13.empty-secret] only the right signature counts, and an empty secret never does', async () => {
  const { farp, users } = await start()
  for (const signature of ['', 'sha256=', signatureOf('another secret of 16', Buffer.from('{}'))])
    expect((await send(farp, users, { headers: { 'x-farp-signature': signature } }))[0], signature).toBe(401)
  expect((await send(farp, users, { secret: '' }))[0]).toBe(401)
  expect(farp.logged.join()).not.toContain(SECRET)
  const none = await start({})
  expect((await send(none.farp, none.users, { secret: '' }))[0]).toBe(401)
  expect((await send(none.farp, none.users))[0]).toBe(401)
})

test("[F12.13.operator] the operator's secret counts alone, and those of manifests only where the operator lets them", async () => {
  const operators = 'the operator says so'
  const given = await start({ secret: SECRET }, { webhooks: { secrets: { users: operators } } })
  expect((await send(given.farp, given.users))[0]).toBe(401)
  expect((await send(given.farp, given.users, { secret: operators }))[0]).toBe(200)
  const strict = await start({ secret: SECRET }, { webhooks: { manifestSecrets: false } })
  expect((await send(strict.farp, strict.users))[0]).toBe(401)
})

test('[F12.13.replay] what was overheard does not count again: not later, not under another id, not as another instance', async () => {
  const { farp, users } = await start()
  expect((await send(farp, users, { age: 301 }))[0]).toBe(401)
  expect((await send(farp, users, { age: -301 }))[0]).toBe(401)
  expect((await send(farp, users, { age: 290 }))[0]).toBe(200)
  const body = JSON.stringify({ event: 'x.y', timestamp: Date.now() / 1000, source: { instance_id: users.instanceId } })
  const headers = { 'x-farp-event': '' }
  expect(await send(farp, users, { body, headers })).toEqual([200, 'ignored'])
  expect(await send(farp, users, { body, headers })).toEqual([200, 'duplicate'])
  expect(await send(farp, users, { body, headers: { ...headers, 'x-farp-delivery': '' } })).toEqual([200, 'duplicate'])
  expect(await send(farp, users, { headers: { 'x-farp-delivery': 'same' } })).toEqual([200, 'processed'])
  expect(await send(farp, users, { data: { other: 1 }, headers: { 'x-farp-delivery': 'same' } })).toEqual([200, 'duplicate'])
})

test('a message of one instance does not pass as that of another, whose secret is the same', async () => {
  const { farp, users } = await start()
  await using twin = await startFarpService({ name: 'users', manifest: { webhook: { secret: SECRET } } })
  farp.discover([recordOf(users), recordOf(twin)])
  await farp.until('both serve', () => farp.origins('users').length === 2)
  expect((await send(farp, users, { headers: { 'x-farp-source-instance': twin.instanceId } }))[0]).toBe(400)
  const body = JSON.stringify({ event: 'schema.updated', timestamp: Date.now() / 1000 })
  expect((await send(farp, users, { body }))[0]).toBe(400)
})

test('header and body agree, both forms are taken, and who sent it is known', async () => {
  const { farp, users } = await start()
  const timestamp = Date.now() / 1000
  const newer = JSON.stringify({ type: 'schema.updated', timestamp, source: users.instanceId })
  expect(await send(farp, users, { body: newer, headers: { 'x-farp-source-instance': '' } })).toEqual([200, 'processed'])
  expect((await send(farp, users, { headers: { 'x-farp-event': 'health.changed' } }))[0]).toBe(400)
  expect((await send(farp, users, { body: 'not json' }))[0]).toBe(400)
  expect((await send(farp, users, { headers: { 'x-farp-source-instance': 'somebody' } }))[0]).toBe(404)
  expect((await send(farp, users, { body: '{}', headers: { 'x-farp-source-instance': '' } }))[0]).toBe(400)
  expect((await send(farp, users, { body: 'x'.repeat(70_000) }))[0]).toBe(413)
  expect((await send(farp, users, { method: 'GET' }))[0]).toBe(405)
})

test('only events that the manifest lists are taken, where it lists any', async () => {
  const { farp, users } = await start({ secret: SECRET, publish_events: ['health.changed'] })
  expect((await send(farp, users))[0]).toBe(403)
  expect((await send(farp, users, { event: 'health.changed' }))[0]).toBe(200)
})

test('[F12.13.rate] an instance sends so many events a minute and no more; forged ones are not counted against it', async () => {
  const { farp, users } = await start()
  for (let n = 0; n < 80; n++) await send(farp, users, { secret: 'somebody else altogether' })
  const statuses = new Set<number>()
  for (let n = 0; n < 65; n++) statuses.add((await send(farp, users, { event: 'x.y', data: { n } }))[0])
  expect([...statuses]).toEqual([200, 429])
})

test('[F12.13.secret] the secret of a manifest is in nothing that can be looked at', async () => {
  const { farp } = await start()
  expect(JSON.stringify([farp.history, farp.logged])).not.toContain(SECRET)
})
