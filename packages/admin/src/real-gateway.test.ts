import { describe, expect, test } from 'vitest'
import { createGateway } from '@octopus-gateway/core'
import { closedPort, startService, waitFor } from '@octopus-gateway/testing'
import { createAdmin } from './app.ts'
import type { Gateway, RouteSet } from '@octopus-gateway/core'

async function read(gateway: Gateway, path: string): Promise<Record<string, unknown>> {
  return (await (await createAdmin(gateway).fetch(new Request(`http://localhost/_/${path}`))).json()) as Record<string, unknown>
}

const shop: RouteSet = {
  service: 'shop',
  serviceVersion: '2.0.0',
  version: '1',
  routes: [{ path: '/shop', upstream: 'shop', methods: ['GET'] }],
  upstreams: { shop: { endpoints: ['http://127.0.0.1:9'] } },
  documents: [{ kind: 'openapi', hash: 'h' }],
  findings: [{ code: 'FOREIGN_HOST', severity: 'warning', message: 'skipped' }],
}

describe('against a running gateway', () => {
  test('health follows it from its start', async () => {
    await using gateway = createGateway({ upstreams: { users: ['http://127.0.0.1:9'] }, routes: [{ path: '/users', upstream: 'users' }] })
    expect(await read(gateway, 'health')).toMatchObject({ status: 'starting', synced: false, generation: 0 })
    await gateway.synced
    expect(await read(gateway, 'health')).toMatchObject({ status: 'ok', synced: true, generation: 1 })
  })

  test('routes, services, documents and metrics show what it serves', async () => {
    await using users = await startService({ name: 'users' })
    await using gateway = createGateway({
      upstreams: { users: [users.origin] },
      routes: [{ path: '/users/:id', upstream: 'users', methods: ['GET'], timeout: '2s', tags: ['people'] }],
      sources: [
        {
          name: 'shop',
          async *watch() {
            yield [shop]
          },
          federated: async () => ({ openapi: '3.1.0', info: { title: 'All', version: '1' }, paths: { '/shop': {} } }),
        },
      ],
    })
    await gateway.synced
    expect(await (await gateway.request('/users/7')).json()).toMatchObject({ name: 'users', url: '/users/7' })
    expect(await read(gateway, 'routes')).toMatchObject({
      routes: [
        { path: '/shop', source: 'shop', service: 'shop', upstream: 'shop' },
        { path: '/users/:id', source: 'config', service: null, methods: ['GET'], timeout_ms: 2000, tags: ['people'] },
      ],
      standby: [],
    })
    expect(await read(gateway, 'services')).toMatchObject({
      services: [
        { name: 'shop', version: '2.0.0', source: 'shop', routes: 1, findings: [{ code: 'FOREIGN_HOST' }], documents: [{ hash: 'h' }] },
      ],
    })
    expect(await read(gateway, 'openapi.json')).toMatchObject({ paths: { '/shop': {} } })
    const metrics = await (await createAdmin(gateway).fetch(new Request('http://localhost/metrics'))).text()
    expect(metrics).toMatch(/octopus_requests_total\{[^}]*route="\/users\/:id"[^}]*\} 1/)
  })

  test('upstreams show an endpoint that is out', async () => {
    const port = await closedPort()
    await using gateway = createGateway({ upstreams: { users: [`http://127.0.0.1:${port}`] }, routes: [{ path: '/*', upstream: 'users' }] })
    expect((await gateway.request('/')).status).toBe(502)
    await waitFor(async () => {
      expect(await read(gateway, 'upstreams')).toMatchObject({
        upstreams: [{ name: 'users', endpoints: [{ state: 'out', reason: 'unreachable', refusals: 1 }] }],
      })
      return true
    })
    expect(await read(gateway, 'health')).toMatchObject({ status: 'degraded' })
  })
})
