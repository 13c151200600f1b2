import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isSigned, signatureOf } from './signature.ts'
import { WebhookReceiver } from './receiver.ts'
import type { GatewayEvent } from './event.ts'

interface Vector {
  readonly body: string
  readonly secret: string
  readonly 'X-FARP-Signature': string
}
const vectors = JSON.parse(readFileSync(new URL('../../../farp/vectors/webhook-signature.json', import.meta.url), 'utf8')) as Vector[]

test.each(vectors)('signature vector: secret "$secret", body $body', ({ body, secret, 'X-FARP-Signature': signature }) => {
  const bytes = Buffer.from(body)
  expect(signatureOf(secret, bytes)).toBe(signature)
  // With an empty secret anybody can sign.
  expect(isSigned(bytes, signature, secret)).toBe(secret !== '')
  expect(isSigned(bytes, signature.slice('sha256='.length), secret)).toBe(false)
  expect(isSigned(bytes, null, secret)).toBe(false)
})

const secret = 'shared'
const now = () => Math.floor(Date.now() / 1000)

function requestOf(message: unknown, headers: Record<string, string> = {}): Request {
  const body = typeof message === 'string' ? message : JSON.stringify(message)
  const signature = signatureOf(secret, Buffer.from(body))
  return new Request('http://orders.test/farp/webhook', { method: 'POST', body, headers: { 'x-farp-signature': signature, ...headers } })
}

test('takes both spellings of an event, each delivery once', async () => {
  const events: GatewayEvent[] = []
  const receiver = new WebhookReceiver()
  const take = (message: unknown, headers?: Record<string, string>) =>
    receiver.take(requestOf(message, headers), { secret, on: (event) => void events.push(event) })
  const first = { event: 'traffic.shift', timestamp: now(), source: { gateway_id: 'g' }, data: { reason: 'canary' } }
  expect((await take(first, { 'x-farp-delivery': 'd-1', 'x-farp-event': 'traffic.shift' })).status).toBe(200)
  expect(await (await take(first, { 'x-farp-delivery': 'd-1' })).json()).toEqual({ status: 'duplicate' })
  expect((await take({ type: 'gateway.shutdown', timestamp: now(), source: 'gateway' })).status).toBe(200)
  expect(events.map(({ event, delivery }) => [event, delivery])).toEqual([
    ['traffic.shift', 'd-1'],
    ['gateway.shutdown', undefined],
  ])
})

test('[R38] what was recorded does not count again under another id, or without one', async () => {
  const events: GatewayEvent[] = []
  const receiver = new WebhookReceiver()
  const message = { event: 'traffic.shift', timestamp: now() }
  for (const headers of [{ 'x-farp-delivery': 'd-1' }, { 'x-farp-delivery': 'd-2' }, {}])
    expect((await receiver.take(requestOf(message, headers as never), { secret, on: (event) => void events.push(event) })).status).toBe(200)
  expect(events).toHaveLength(1)
})

test('refuses what is unsigned, old, contradictory, no event or too large', async () => {
  const receiver = new WebhookReceiver()
  const on = (): void => expect.unreachable()
  const status = async (request: Request): Promise<number> => (await receiver.take(request, { secret, on })).status
  const good = { event: 'a', timestamp: now() }
  expect(await status(requestOf(good, { 'x-farp-signature': `sha256=${'0'.repeat(64)}` }))).toBe(401)
  expect(await status(requestOf({ ...good, timestamp: now() - 400 }))).toBe(401)
  expect(await status(requestOf({ ...good, timestamp: now() + 400 }))).toBe(401)
  expect(await status(requestOf(good, { 'x-farp-event': 'b' }))).toBe(400)
  expect(await status(requestOf({ event: 'a' }))).toBe(400)
  for (const text of ['null', '[]', '"a"', '{', '']) expect(await status(requestOf(text)), text).toBe(400)
  expect(await status(requestOf('x'.repeat(65_537)))).toBe(413)
})

test('a delivery whose handler failed is taken again', async () => {
  const receiver = new WebhookReceiver()
  const headers = { 'x-farp-delivery': 'd-1' }
  const message = { event: 'a', timestamp: now() }
  const failing = { secret, on: () => Promise.reject(new Error('not now')) }
  await expect(receiver.take(requestOf(message, headers), failing)).rejects.toThrow('not now')
  let taken = 0
  expect((await receiver.take(requestOf(message, headers), { secret, on: () => void taken++ })).status).toBe(200)
  expect(taken).toBe(1)
})
