import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { memoryStore } from '@octopus-gateway/core'
import { openapiOf, startFarpService } from '@octopus-gateway/testing'
import { farp as farpSource } from './farp.ts'
import { recordOf, startFarp } from './testing/harness.ts'
import { silentMeter } from './silent-meter.ts'

test('the federated document holds all services, is made once, and anew when they change', async () => {
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users/{id}', 'GET /health']) })
  await using orders = await startFarpService({ name: 'orders', openapi: openapiOf('Orders', ['POST /orders']) })
  await using farp = startFarp()
  expect(await farp.source.federated!('openapi')).toBeUndefined()
  farp.discover([recordOf(users), recordOf(orders)])
  await farp.until('both serve', () => farp.sets.length === 2)
  const first = (await farp.source.federated!('openapi')) as { paths: object }
  expect(Object.keys(first.paths)).toEqual(['/orders/orders', '/users/users/{id}'])
  expect(await new Validator().validate(JSON.parse(JSON.stringify(first)) as Record<string, unknown>)).toMatchObject({ valid: true })
  expect(await farp.source.federated!('openapi')).toBe(first)
  expect(await farp.source.federated!('asyncapi')).toBeUndefined()
  orders.update({ openapi: openapiOf('Orders', ['POST /orders', 'GET /orders']) })
  await farp.until('the change is there', () => farp.routes('orders').length === 2)
  const second = (await farp.source.federated!('openapi')) as { paths: Record<string, object> }
  expect(Object.keys(second.paths['/orders/orders']!)).toEqual(['get', 'post'])
  farp.discover([recordOf(users)])
  await farp.until('one is left', () => farp.sets.length === 1)
  expect(Object.keys(((await farp.source.federated!('openapi')) as { paths: object }).paths)).toEqual(['/users/users/{id}'])
  await farp.stop()
  expect(await farp.source.federated!('openapi')).toBeUndefined()
})

test('a document is handed out as a copy', async () => {
  await using users = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users']) })
  await using farp = startFarp()
  farp.discover([recordOf(users)])
  await farp.until('it serves', () => farp.routes('users').length === 1)
  const { hash } = farp.set('users')!.documents![0]!
  const document = (await farp.source.document!(hash)) as Record<string, unknown>
  document['paths'] = {}
  expect(await farp.source.document!(hash)).toEqual(users.state.openapi)
})

test('a failure of discovery is passed on, after everything was stopped', async () => {
  const controller = new AbortController()
  const host = {
    signal: controller.signal,
    log: { error() {}, warn() {}, info() {}, debug() {} },
    store: memoryStore(),
    applied: () => Promise.resolve(),
    // eslint-disable-next-line require-yield
    async *instances(): AsyncGenerator<never> {
      throw new Error('registry on fire')
    },
    keyValues: () => undefined,
    authProviders: new Set<string>(),
    on: () => ({ [Symbol.dispose]() {} }),
    meter: silentMeter,
  }
  await expect(farpSource().watch(host)[Symbol.asyncIterator]().next()).rejects.toThrow('registry on fire')
})
