import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp as source } from '@octopus-gateway/farp'
import { farp } from '@octopus-gateway/farp-service'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { frameworks } from './support/frameworks.ts'
import type { Gateway, RouteSet } from '@octopus-gateway/core'

function gatewayOf(url: string): Gateway {
  const discovery = staticDiscovery([{ name: 'orders', address: '127.0.0.1', port: Number(new URL(url).port) }])
  return createGateway({ discovery: [discovery], sources: [source({ watchInterval: '50ms', hashVerification: 'enforce' })] })
}

const reportOf = (gateway: Gateway): RouteSet => gateway.snapshot.sets.get('farp')![0]!

const pathsOf = (gateway: Gateway): string[] =>
  gateway.snapshot.routes
    .map(({ path }) => path)
    .filter((path) => path.startsWith('/orders'))
    .sort()

test.each([false, true])('a gateway makes routes of the manifest and has nothing to say (inline: %s)', async (inline) => {
  const openapi = openapiOf('Orders', ['GET /orders', 'GET /orders/{id}', 'POST /orders'])
  const service = farp({ name: 'orders', version: 'v1.0.0', inline, openapi: () => JSON.stringify(openapi) })
  await using app = await frameworks['node:http']!(service)
  await using gateway = gatewayOf(app.url)
  await gateway.synced
  expect([...new Set(pathsOf(gateway))]).toEqual(['/orders/orders', '/orders/orders/{id}'])
  const report = reportOf(gateway)
  expect(report.findings).toEqual([])
  expect(report.instances!.map(({ id, status, manifest }) => [id, status, manifest])).toMatchObject([[expect.any(String), 'serving', 'ok']])
})

test('a gateway follows what changes: routes, and an instance that drains', async () => {
  const service = farp({ name: 'orders', version: 'v1.0.0', openapi: openapiOf('Orders', ['GET /a']) })
  await using app = await frameworks['node:http']!(service)
  await using gateway = gatewayOf(app.url)
  await gateway.synced
  service.update({ openapi: openapiOf('Orders', ['GET /b']) })
  await waitFor(() => pathsOf(gateway).join() === '/orders/b')
  service.update({ status: 'draining' })
  await waitFor(() => reportOf(gateway).instances![0]!.status === 'draining')
})
