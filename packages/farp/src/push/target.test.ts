import { expect, test } from 'vitest'
import { FetchError } from '../net/fetcher.ts'
import { PushError } from './push-error.ts'
import { settingsOf } from '../options.ts'
import { targetOf } from './target.ts'
import type { Fetcher } from '../net/fetcher.ts'
import type { Target } from './target.ts'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'users.shop': ['10.0.0.7'],
  'both.shop': ['fd00::7', '10.0.0.7'],
  'rebound.evil': ['10.0.0.7', '169.254.169.254'],
  'self.evil': ['127.0.0.1'],
  localhost: ['::1', '127.0.0.1'],
}

const fetcher: Fetcher = {
  resolve: (host) => (NAMES[host] === undefined ? Promise.reject(new FetchError('dns', 'no such name')) : Promise.resolve(NAMES[host])),
  send: () => Promise.reject(new Error('nothing is fetched')),
}
const settings = settingsOf({ fetcher, allowedHosts: ['10.0.0.9:6379'] })

const target = (address: string, { port = 0, secure = false, isLoopback = false } = {}): Promise<Target> =>
  targetOf({ address, port, secure }, { isLoopback }, settings)

const code = async (...args: Parameters<typeof target>): Promise<string> => {
  try {
    return JSON.stringify(await target(...args))
  } catch (thrown) {
    return thrown instanceof PushError ? thrown.code : String(thrown)
  }
}

test('hosts and ports in every form', async () => {
  expect(await target('10.0.0.7', { port: 8080 })).toEqual({ host: '10.0.0.7', named: '10.0.0.7', port: 8080, secure: false })
  expect(await target('10.0.0.7:81', { port: 0 })).toMatchObject({ port: 81 })
  expect(await target('10.0.0.7')).toMatchObject({ port: 80, secure: false })
  expect(await target('10.0.0.7', { secure: true })).toMatchObject({ port: 443, secure: true })
  expect(await target('https://10.0.0.7')).toMatchObject({ port: 443, secure: true })
  expect(await target('[fd00::7]:81')).toMatchObject({ host: 'fd00::7', port: 81 })
})

test('[R38] [F12.2.addresses] without TLS an address stands for a name, so that the name cannot be pointed elsewhere', async () => {
  expect(await target('users.shop', { port: 8080 })).toEqual({ host: '10.0.0.7', named: 'users.shop', port: 8080, secure: false })
  expect(await target('both.shop', { port: 8080 })).toMatchObject({ host: '10.0.0.7' })
  // Of a certificate that is verified the name is a part.
  expect(await target('users.shop', { port: 8443, secure: true })).toMatchObject({ host: 'users.shop' })
})

test('[R38] [F12.2.addresses] every address of a name is checked', async () => {
  expect(await code('rebound.evil', { port: 80 })).toBe('ADDRESS_BLOCKED')
  expect(await code('self.evil', { port: 80 })).toBe('ADDRESS_BLOCKED')
  expect(await code('nobody.shop', { port: 80 })).toBe('ADDRESS_UNRESOLVED')
})

test('loopback is for callers on this machine', async () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '[::1]', 'localhost']) {
    expect(await code(address, { port: 8080 }), address).toBe('ADDRESS_BLOCKED')
    expect(await code(address, { port: 8080, isLoopback: true }), address).toContain('8080')
  }
  expect(await target('localhost', { port: 8080, isLoopback: true })).toMatchObject({ host: 'localhost' })
})

test('[F12.1.ports] ports of infrastructure are closed unless the operator opens them', async () => {
  expect(await code('10.0.0.7', { port: 6379 })).toBe('ADDRESS_BLOCKED')
  expect(await code('10.0.0.9', { port: 6379 })).toContain('6379')
  // The port for gRPC gets requests as well.
  const grpc = targetOf({ address: '10.0.0.7', port: 80, grpcPort: 6379, secure: false }, { isLoopback: false }, settings)
  await expect(grpc).rejects.toMatchObject({ code: 'ADDRESS_BLOCKED' })
})
