import { describe, expect, test } from 'vitest'
import { openapiOf } from './openapi.ts'
import { startFarpService } from './farp-service.ts'

const json = async (url: string): Promise<unknown> => (await fetch(url)).json()

describe('startFarpService', () => {
  test('publishes a manifest whose document it serves', async () => {
    await using service = await startFarpService({ name: 'users', version: '1.2.0', openapi: openapiOf('Users', ['GET /users/{id}']) })
    expect(await json(service.manifestUrl)).toEqual({
      version: '1.0.0',
      service_name: 'users',
      service_version: '1.2.0',
      instance_id: `users-${service.port}`,
      schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: service.openapiUrl } }],
      capabilities: ['rest'],
      endpoints: { health: '/health', openapi: '/openapi.json' },
    })
    expect(await json(service.openapiUrl)).toEqual(openapiOf('Users', ['GET /users/{id}']))
    expect(await json(`${service.origin}/health`)).toEqual({ status: 'ok' })
    expect(service.counts).toEqual({ manifest: 1, openapi: 1, health: 1, operations: 0, notFound: 0 })
  })

  test('answers the operations of its document, and nothing else', async () => {
    await using service = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['POST /users/{id}', 'POST /users/me']) })
    const call = (path: string): Promise<Response> => fetch(service.origin + path, { method: 'POST', body: 'hi' })
    expect(await (await call('/users/a%20b?x=1')).json()).toEqual({
      service: 'users',
      instance: service.instanceId,
      operation: 'postUsersId',
      template: '/users/{id}',
      params: { id: 'a b' },
      method: 'POST',
      url: '/users/a%20b?x=1',
      body: 'hi',
    })
    expect(await (await call('/users/me')).json()).toMatchObject({ operation: 'postUsersMe', params: {} })
    expect((await fetch(`${service.origin}/users/1`)).status).toBe(404)
    expect(service.counts).toMatchObject({ operations: 2, notFound: 1 })
  })

  test('changes while it runs', async () => {
    await using service = await startFarpService({ name: 'users', manifest: { instance_id: undefined, capabilities: ['rest', 'sse'] } })
    const manifest = await json(service.manifestUrl)
    expect(manifest).toMatchObject({ capabilities: ['rest', 'sse'] })
    expect(manifest).not.toHaveProperty('instance_id')
    service.update({ version: '2.0.0', openapi: openapiOf('Users', ['GET /new']), openapiText: 'openapi: 3.1.0\n' })
    expect(await json(service.manifestUrl)).toMatchObject({ service_version: '2.0.0' })
    expect((await fetch(`${service.origin}/new`)).status).toBe(200)
    expect(await (await fetch(service.openapiUrl)).text()).toBe('openapi: 3.1.0\n')
    service.update({ manifestStatus: 503, openapiStatus: 500 })
    expect((await fetch(service.manifestUrl)).status).toBe(503)
    expect((await fetch(service.openapiUrl)).status).toBe(500)
  })

  test('stops and starts again on the same port', async () => {
    await using service = await startFarpService({ name: 'users' })
    await service.stop()
    expect(service.running).toBe(false)
    await expect(fetch(service.origin)).rejects.toThrow()
    await service.start()
    expect((await fetch(service.origin)).status).toBe(200)
  })

  test('a handler answers operations in place of the echo', async () => {
    await using service = await startFarpService({
      name: 'users',
      handler: (_request, response, { template }) => void response.end(template),
    })
    expect(await (await fetch(service.origin)).text()).toBe('/')
  })
})
