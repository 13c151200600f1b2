import { createAdmin } from './app.ts'
import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import type { Admin } from './app.ts'
import type { Caller, ProvidedEndpoint, RouteSource } from '@octopus-gateway/core'

const HASH = '$2b$04$wDdv48wYzbvOIbk2SuLYgePTqMAqXg0O5jjWbjIWeEXmjWcfC0zAq'

async function adminWith(endpoints: readonly ProvidedEndpoint[], log: string[] = []): Promise<Admin> {
  const source: RouteSource = {
    name: 'mine',
    endpoints,
    async *watch({ signal }) {
      yield []
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  const gateway = createGateway({ sources: [source] })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  const error = (message: string): void => void log.push(message)
  return createAdmin(gateway, { auth: { username: 'admin', passwordHash: HASH }, log: { error, warn() {}, info() {}, debug() {} } })
}

const answering = (
  path: string,
  access: 'admin' | 'own',
  handler: ProvidedEndpoint['handler'] = () => new Response(path),
): ProvidedEndpoint => ({
  path,
  access,
  handler,
})

test('what a source serves for callers of its own kind is reached without the credential of the admin API, everything else is not', async () => {
  const admin = await adminWith([answering('/_mine/open', 'own'), answering('/_mine', 'admin'), answering('/_mine/open/deep', 'admin')])
  expect(await (await admin.fetch(new Request('http://localhost/_mine/open/x'))).text()).toBe('/_mine/open')
  for (const path of ['/_mine', '/_mine/other', '/_mine/open/deep', '/_mine/open/deep/x', '/_mine/opener', '/_/routes']) {
    expect((await admin.fetch(new Request(`http://localhost${path}`))).status, path).toBe(401)
  }
})

test('the handler learns who calls, and every method is its own to answer', async () => {
  const callers: Caller[] = []
  const handler: ProvidedEndpoint['handler'] = async (request, caller) => {
    callers.push(caller)
    return Response.json({ method: request.method, body: await request.text() }, { status: 201 })
  }
  const admin = await adminWith([answering('/_mine', 'own', handler)])
  const env = { incoming: { socket: { remoteAddress: '10.0.0.7' } } }
  const response = await admin.fetch(new Request('http://localhost/_mine/x', { method: 'PUT', body: 'hello' }), env)
  expect([response.status, await response.json()]).toEqual([201, { method: 'PUT', body: 'hello' }])
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(callers).toEqual([{ ip: '10.0.0.7', certificate: undefined }])
})

test('a handler that throws is a 500 that says nothing, and a line in the log', async () => {
  const log: string[] = []
  const throws = (): never => {
    throw new Error('the secret of the house')
  }
  const admin = await adminWith([answering('/_mine', 'own', throws)], log)
  const response = await admin.fetch(new Request('http://localhost/_mine'))
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('secret')
  expect(log).toHaveLength(1)
})
