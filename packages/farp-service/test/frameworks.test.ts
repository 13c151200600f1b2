import { createHmac } from 'node:crypto'
import { rawRequest } from '@octopus-gateway/testing'
import { describe, expect, test } from 'vitest'
import { farp } from '@octopus-gateway/farp-service'
import { frameworks } from './support/frameworks.ts'
import type { FarpService, GatewayEvent, Manifest } from '@octopus-gateway/farp-service'

const openapi = { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths: { '/orders': { get: { responses: {} } } } }

function orders(events: GatewayEvent[] = []): FarpService {
  return farp({
    name: 'orders',
    version: 'v1.2.0',
    openapi,
    webhook: { secret: 'shared', on: (event) => void events.push(event) },
  })
}

describe.each(Object.entries(frameworks))('%s', (_name, start) => {
  test('serves the paths of FARP, and leaves the others to the application', async () => {
    await using app = await start(orders())
    const answer = await fetch(`${app.url}/_farp/manifest`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    const manifest = (await answer.json()) as Manifest
    expect(manifest.service_name).toBe('orders')
    // Nobody told it where it listens: what it was asked at is what a gateway reaches.
    expect(`http://${manifest.instance!.address}`).toBe(app.url)
    const { location } = manifest.schemas[0]!
    expect(location).toEqual({ type: 'http', url: `${app.url}/_farp/schemas/openapi` })
    expect(await (await fetch(`${app.url}/_farp/schemas/openapi`)).json()).toEqual(openapi)
    expect((await fetch(`${app.url}/_farp/schemas/graphql`)).status).toBe(404)
    expect(await (await fetch(`${app.url}/_farp/health`)).json()).toEqual({ status: 'healthy' })
    expect(await (await fetch(`${app.url}/_farp/discovery`)).json()).toMatchObject({ service_name: 'orders', farp_enabled: true })
    expect(await (await fetch(`${app.url}/own`)).text()).toBe('own')
    expect((await fetch(`${app.url}/nothing`)).status).toBe(404)
    expect((await fetch(`${app.url}/_farp/nothing`)).status).toBe(404)
  })

  test('answers HEAD without a body and a known validator with 304', async () => {
    await using app = await start(orders())
    for (const path of ['/_farp/manifest', '/_farp/schemas/openapi']) {
      const etag = (await fetch(app.url + path)).headers.get('etag')!
      const known = await fetch(app.url + path, { headers: { 'if-none-match': `"other", ${etag}` } })
      expect([known.status, await known.text()], path).toEqual([304, ''])
      const head = await fetch(app.url + path, { method: 'HEAD' })
      expect([head.status, await head.text()], path).toEqual([200, ''])
    }
  })

  test('takes a signed event, in the bytes that were signed', async () => {
    const events: GatewayEvent[] = []
    await using app = await start(orders(events))
    const body = `{ "event": "traffic.shift",  "timestamp": ${Math.floor(Date.now() / 1000)}, "data": {"reason":"\\u00fc"} }`
    const signature = `sha256=${createHmac('sha256', 'shared').update(body).digest('hex')}`
    const send = (headers: Record<string, string>) =>
      fetch(`${app.url}/farp/webhook`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
    expect((await send({ 'x-farp-signature': signature })).status).toBe(200)
    expect((await send({ 'x-farp-signature': signature.replace(/.$/, '~') })).status).toBe(401)
    expect(events.map(({ event, data }) => [event, data])).toEqual([['traffic.shift', { reason: 'ü' }]])
  })

  test('does not repeat a Host field that is no host', async () => {
    await using app = await start(orders())
    const port = Number(new URL(app.url).port)
    const head = 'GET /_farp/manifest HTTP/1.1\r\nHost: evil.test/path?"\r\nConnection: close\r\n\r\n'
    const { text, ended } = await rawRequest(port, head)
    // A server may refuse it before anybody sees it.
    expect(ended).not.toBe('timeout')
    expect(text).not.toContain('evil')
  })
})

test('the body parsers of a Fastify application stay as they are', async () => {
  await using app = await frameworks['Fastify']!(orders())
  const headers = { 'content-type': 'application/json' }
  expect(await (await fetch(`${app.url}/own`, { method: 'POST', body: '{"a":1}', headers })).json()).toEqual({ parsed: { a: 1 } })
})
