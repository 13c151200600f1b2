import { createGateway } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp as source } from '@octopus-gateway/farp'
import { farp } from '@octopus-gateway/farp-service'
import { openapiOf, waitFor } from '@octopus-gateway/testing'
import { frameworks } from './support/frameworks.ts'
import type { FarpService, RegisterOptions } from '@octopus-gateway/farp-service'
import type { Gateway } from '@octopus-gateway/core'

const TOKEN = 'a-token-of-these-tests'

const gatewayOf = (): Gateway =>
  createGateway({
    sources: [source({ watchInterval: '1h', routeLinger: 0, push: { enabled: true, tokens: [TOKEN], heartbeatTimeout: 1000 } })],
  })

/** The gateway of the moment, as if it listened always under one name. */
function reaching(gateway: () => Gateway): RegisterOptions['fetch'] {
  return async (url, init) => {
    const endpoint = gateway().provided.find(({ path }) => url.pathname.startsWith(path))!
    return endpoint.handler(new Request(url, init), { ip: '127.0.0.1', certificate: undefined })
  }
}

test('a service registers, changes, survives a gateway that forgot it, and leaves', async () => {
  const service: FarpService = farp({ name: 'orders', version: 'v1.0.0', openapi: openapiOf('Orders', ['GET /a']) })
  await using app = await frameworks['node:http']!(service)
  let gateway = gatewayOf()
  await gateway.synced
  const { hostname, port } = new URL(app.url)
  const fetch = reaching(() => gateway)!
  const how = { gateway: 'http://gateway.test', token: TOKEN, address: hostname, port: Number(port), heartbeat: 50, retry: 50 }
  const registration = service.register({ ...how, fetch })
  expect(await registration.registered).toBe(true)
  const isRouted = (path: string) => (): boolean => gateway.snapshot.routes.some((route) => route.path === path)
  expect(isRouted('/orders/a')()).toBe(true)
  // Its manifest is asked for once an hour: what tells of the change is the heartbeat.
  service.update({ openapi: openapiOf('Orders', ['GET /b']) })
  await waitFor(isRouted('/orders/b'))
  service.update({ status: 'draining' })
  await waitFor(() => gateway.snapshot.sets.get('farp')![0]!.instances![0]!.status === 'draining')
  service.update({ status: 'healthy' })
  await waitFor(() => gateway.snapshot.sets.get('farp')![0]!.instances![0]!.status === 'serving')
  await gateway[Symbol.asyncDispose]()
  gateway = gatewayOf()
  await gateway.synced
  await waitFor(isRouted('/orders/b'))
  await registration.close()
  await waitFor(() => !isRouted('/orders/b')())
  await gateway[Symbol.asyncDispose]()
})
