import { ask, session } from './http2/support/client.ts'
import { createGateway } from '@octopus-gateway/core'
import { connect } from 'node:http2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rawRequest, testCertificates, waitFor } from '@octopus-gateway/testing'
import { running } from './support/running.ts'
import { serve } from '@octopus-gateway/node'
import { service, to } from './support/upstreams.ts'
import type { DiscoveryProvider, Logger, Plugin, ServiceSet } from '@octopus-gateway/core'

/** A provider that reports when it is told to. */
function silentProvider(): { provider: DiscoveryProvider; report: () => void } {
  let report: () => void = () => {}
  const reported = new Promise<void>((resolve) => (report = resolve))
  async function* watch(signal: AbortSignal): AsyncGenerator<ServiceSet> {
    await Promise.race([reported, new Promise((resolve) => signal.addEventListener('abort', resolve))])
    if (signal.aborted) return
    yield []
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const provider = { name: 'silent', identity: { name: 'silent', version: '1.0.0', config: null }, watch } as unknown as DiscoveryProvider
  return { provider, report }
}

const refusing: Plugin = {
  name: 'refusing',
  version: '1.0.0',
  identity: { name: 'refusing', version: '1.0.0', config: null },
  setup: () => ({
    onRequest: () => {
      throw new Error('nobody may come here')
    },
  }),
}

async function look(url: string, path: string): Promise<[status: number, said: unknown]> {
  const response = await fetch(url + path)
  return [response.status, ((await response.json()) as { status: unknown }).status]
}

describe('probes', () => {
  test('are answered before routing and policies, and neither counted nor logged', async () => {
    const up = await service()
    const { server, gateway } = await running({ ...to(up), plugins: [refusing], accessLog: { write: () => expect.unreachable('logged') } })
    for (const path of ['/livez', '/readyz', '/startupz', '/readyz?verbose']) expect(await look(server.url, path)).toEqual([200, 'ok'])
    const response = await fetch(`${server.url}/readyz`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(gateway.metrics.exposition()).not.toMatch(/^octopus_requests_total\{/m)
    expect(up.count).toBe(0)
  })

  test('HEAD has no body, another method is 405, and what only begins like a probe is a request', async () => {
    const up = await service()
    const { server } = await running(to(up))
    const head = await fetch(`${server.url}/readyz`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const posted = await fetch(`${server.url}/readyz`, { method: 'POST', body: 'x' })
    expect([posted.status, posted.headers.get('allow'), posted.headers.get('connection')]).toEqual([405, 'GET, HEAD', 'close'])
    expect(up.count).toBe(0)
    expect((await fetch(`${server.url}/readyzz`)).status).toBe(200)
    expect((await fetch(`${server.url}/readyz/`)).status).toBe(200)
    expect(up.count).toBe(2)
  })

  test('a body behind a probe is not the next request', async () => {
    const up = await service()
    const { port } = await running(to(up))
    const inner = 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'
    const exchange = await rawRequest(port, `GET /livez HTTP/1.1\r\nHost: a.test\r\nContent-Length: 200\r\n\r\n${inner}`)
    expect(exchange.responses.map(({ status }) => status)).toEqual([200])
    expect(up.count).toBe(0)
  })

  test('over HTTP/2 and over TLS, also where nothing else is served in the clear', async () => {
    const up = await service()
    const { server, port } = await running(to(up), { tls: { port: 0, certificates: [testCertificates().server], redirectHttp: true } })
    expect((await fetch(`${server.url}/x`, { redirect: 'manual' })).status).toBeGreaterThanOrEqual(300)
    expect(await look(server.url, '/readyz')).toEqual([200, 'ok'])
    const clear = session(port)
    const secure = connect(`https://127.0.0.1:${server.tls!.port}`, { rejectUnauthorized: false })
    onTestFinished(() => secure.destroy())
    for (const client of [clear, secure]) {
      const answer = await ask(client, { ':path': '/readyz' })
      expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}'])
      expect((await ask(client, { ':path': '/livez', ':method': 'DELETE' })).status).toBe(405)
      expect((await ask(client, { ':path': '/livez', ':method': 'HEAD' })).status).toBe(200)
    }
    expect(up.count).toBe(0)
  })

  test('readiness waits for the first discovery where it is to, and the others do not', async () => {
    const { provider, report } = silentProvider()
    const gateway = createGateway({ routes: [], discovery: [provider] })
    const waiting = await serve(gateway, { host: '127.0.0.1', port: 0 })
    const careless = await serve(gateway, { host: '127.0.0.1', port: 0, probes: { requireSync: false } })
    onTestFinished(async () => {
      for (const server of [waiting, careless]) await server.close({ grace: 0 })
      await gateway[Symbol.asyncDispose]()
    })
    expect(await look(waiting.url, '/readyz')).toEqual([503, 'waiting for discovery'])
    expect(await look(waiting.url, '/livez')).toEqual([200, 'ok'])
    expect(await look(waiting.url, '/startupz')).toEqual([200, 'ok'])
    expect(await look(careless.url, '/readyz')).toEqual([200, 'ok'])
    report()
    await gateway.synced
    expect(await look(waiting.url, '/readyz')).toEqual([200, 'ok'])
  })

  test('move, or are not there; two at one place are an error', async () => {
    const up = await service()
    const moved = await running(to(up), { probes: { readiness: '/ready' } })
    expect(await look(moved.server.url, '/ready')).toEqual([200, 'ok'])
    await (await fetch(`${moved.server.url}/readyz`)).text()
    expect(up.count).toBe(1)
    const none = await running(to(up), { probes: false })
    await (await fetch(`${none.server.url}/readyz`)).text()
    expect(up.count).toBe(2)
    await expect(serve(none.gateway, { port: 0, probes: { readiness: '/livez' } })).rejects.toThrow(/a path each/)
    await expect(serve(none.gateway, { port: 0, probes: { readiness: '/a?b' } })).rejects.toThrow(/neither query/)
  })

  test('a route that a probe hides is warned of by name, also one that comes later', async () => {
    const up = await service()
    const warnings: unknown[] = []
    const log: Logger = { debug() {}, info() {}, error() {}, warn: (message, fields) => void warnings.push([message, fields]) }
    const options = { ...to(up), log }
    const { gateway } = await running({ ...options, routes: [{ path: '/readyz', upstream: 'up', id: 'mine' }] })
    const warning = (id: string): unknown => [expect.stringContaining('hides a route'), { path: '/readyz', route: id }]
    expect(warnings).toEqual([warning('mine')])
    await gateway.update({ ...options, routes: [{ path: '/readyz', upstream: 'up', id: 'later' }, ...to(up).routes] })
    await waitFor(() => warnings.length === 2)
    expect(warnings[1]).toEqual(warning('later'))
  })
})
