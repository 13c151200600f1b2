import { describe, expect, test, vi } from 'vitest'
import { hash } from 'bcrypt'
import { createAdmin } from './app.ts'
import { envOf, gatewayWith } from './gateway.fixture.ts'

const auth = { username: 'admin', passwordHash: await hash('pä:ss', 4) }
const PROTECTED = [
  '/',
  '/_/',
  '/_/routes',
  '/_/services',
  '/_/upstreams',
  '/_/openapi.json',
  '/_/asyncapi.json',
  '/_/docs',
  '/_/docs/init.js',
  '/metrics',
  '/nothing',
]

function request(path: string, headers: Record<string, string> = {}): Request {
  return new Request(new URL(path, 'http://localhost:9090'), { headers })
}

function basic(username: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

describe('[R3] the admin API needs authentication', () => {
  test.each(PROTECTED)('[R3] %s is 401 without a credential, with a wrong one, and with another scheme', async (path) => {
    const admin = createAdmin(gatewayWith(), { auth })
    for (const headers of [{}, basic('admin', 'wrong'), basic('root', 'pä:ss'), { authorization: 'Bearer token' }]) {
      const answer = await admin.fetch(request(path, headers), envOf('10.0.0.9', '10.0.0.1'))
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="octopus", charset="UTF-8"')
      expect(await answer.json()).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    }
  })

  test('[R3] the right credential opens everything', async () => {
    const admin = createAdmin(gatewayWith(), { auth })
    for (const path of PROTECTED) {
      const { status } = await admin.fetch(request(path, basic('admin', 'pä:ss')), envOf('10.0.0.9', '10.0.0.1'))
      expect([path, status]).toEqual([path, path === '/' ? 307 : path === '/nothing' ? 404 : 200])
    }
  })

  test('[R3] other methods and HEAD are no way around it', async () => {
    const admin = createAdmin(gatewayWith(), { auth })
    for (const method of ['HEAD', 'POST', 'OPTIONS', 'PUT']) {
      expect((await admin.fetch(new Request('http://localhost/_/routes', { method }))).status).toBe(401)
    }
  })

  test('health is for probes: no credential needed', async () => {
    const admin = createAdmin(gatewayWith(), { auth })
    expect((await admin.fetch(request('/_/health'), envOf('10.0.0.9', '10.0.0.1'))).status).toBe(200)
  })

  test('an address that guesses is told to wait, others are not', async () => {
    const log = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() }
    const admin = createAdmin(gatewayWith(), { auth, log })
    for (const guess of ['1', '2', '3']) await admin.fetch(request('/_/routes', basic('admin', guess)), envOf('10.0.0.9'))
    const answer = await admin.fetch(request('/_/routes', basic('admin', 'pä:ss')), envOf('10.0.0.9'))
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect((await admin.fetch(request('/_/routes', basic('admin', 'pä:ss')), envOf('10.0.0.10'))).status).toBe(200)
    expect(log.warn.mock.calls).toEqual(Array.from({ length: 3 }, () => ['admin: a credential was refused', { address: '10.0.0.9' }]))
  })
})

describe('without authentication', () => {
  const admin = createAdmin(gatewayWith(), { allowedHosts: ['Admin.Example'] })
  const statusFor = async (host: string, env?: unknown, path = '/_/routes'): Promise<number> =>
    (await admin.fetch(new Request(`http://${host}${path}`, { headers: { host } }), env)).status

  test('a listener on loopback answers its own names only, against DNS rebinding', async () => {
    const env = envOf('127.0.0.1', '127.0.0.1')
    for (const host of ['localhost:9090', '127.0.0.1:9090', '[::1]:9090', 'octopus.localhost', 'admin.example:9090']) {
      expect([host, await statusFor(host, env)]).toEqual([host, 200])
    }
    for (const host of ['rebind.example', '10.0.0.1', 'localhost.rebind.example']) {
      for (const path of PROTECTED) expect([host, await statusFor(host, env, path)]).toEqual([host, 421])
    }
  })

  test('the refusal says what to do', async () => {
    const answer = await admin.fetch(new Request('http://rebind.example/_/routes'), envOf('127.0.0.1'))
    expect(await answer.json()).toMatchObject({ code: 'FOREIGN_HOST_NAME', detail: expect.stringContaining('allowedHosts') })
  })

  test('a server that does not tell its address is taken for a loopback one', async () => {
    expect(await statusFor('rebind.example')).toBe(421)
    expect(await statusFor('localhost')).toBe(200)
  })

  test('a listener that was opened to the network on purpose answers any name', async () => {
    expect(await statusFor('octopus-gateway:9090', envOf('10.0.0.9', '10.0.0.1'))).toBe(200)
  })

  test('health is answered under any name', async () => {
    expect(await statusFor('rebind.example', envOf('127.0.0.1'), '/_/health')).toBe(200)
  })
})
