import { expect, test } from 'vitest'
import { instanceIn } from './record.ts'
import { isLocal } from './local.ts'
import { Outage } from '@octopus-gateway/discovery-support'
import type { ServiceInstance } from '@octopus-gateway/core'

const SEED = 'http://users.internal:8081'

const instance = (told: object, seed = SEED): ServiceInstance => instanceIn(JSON.stringify({ service_name: 'users', ...told }), seed)

test('a whole record', () => {
  expect(
    instance({
      service_id: 'u1',
      service_version: 'v1.2.0',
      address: '10.0.0.7',
      port: 8443,
      tags: ['farp', 'blue'],
      metadata: { scheme: 'https', zone: 'eu-1', weight: '3', 'farp.manifest': 'https://10.0.0.7:8443/m', n: 1, nested: {} },
      farp_enabled: true,
      backend: 'http',
    }),
  ).toEqual({
    id: 'u1',
    service: 'users',
    host: '10.0.0.7',
    port: 8443,
    secure: true,
    ready: true,
    weight: 3,
    zone: 'eu-1',
    version: 'v1.2.0',
    metadata: {
      tags: 'farp,blue',
      'farp.enabled': 'true',
      scheme: 'https',
      zone: 'eu-1',
      weight: '3',
      'farp.manifest': 'https://10.0.0.7:8443/m',
      n: '1',
    },
  })
})

test('what a Go service leaves empty', () => {
  expect(instance({ service_id: '', service_version: '', address: '', port: 0, tags: null, metadata: null })).toEqual({
    id: 'users@users.internal:8081',
    service: 'users',
    host: 'users.internal',
    port: 8081,
    secure: false,
    ready: true,
    weight: 1,
    metadata: { 'farp.manifest': `${SEED}/_farp/manifest` },
  })
})

test.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LOCALHOST.', 'a.localhost', '0.0.0.0', '::1', '[::1]', '::', '::ffff:127.0.0.1', ''])(
  '"%s" is the seed',
  (address) => {
    expect(instance({ address, port: 9000 })).toMatchObject({ host: 'users.internal', port: 9000 })
  },
)

test('other addresses stay, with or without a port of their own', () => {
  const places = ['10.0.0.7', '10.0.0.7:9001', 'here.internal:9001', '[fd00::7]:9001', '[fd00::7]', 'fd00::7'].map((address) => {
    const { host, port } = instance({ address, port: 0 })
    return [host, port]
  })
  expect(places).toEqual([
    ['10.0.0.7', 8081],
    ['10.0.0.7', 9001],
    ['here.internal', 9001],
    ['fd00::7', 9001],
    ['fd00::7', 8081],
    ['fd00::7', 8081],
  ])
  expect(instance({ address: '0.0.0.0:9001', port: 0 }, 'http://[fd00::9]:80')).toMatchObject({ host: 'fd00::9', port: 9001 })
  expect(['10.0.0.1', 'localhost.example.com', '128.0.0.1', 'fd00::1'].map(isLocal)).toEqual([false, false, false, false])
})

test('local hosts in metadata are the seed, too', () => {
  const { metadata } = instance({
    address: '127.0.0.1',
    port: 9000,
    metadata: {
      'farp.manifest': 'http://127.0.0.1:9000/_farp/manifest',
      'farp.openapi': 'http://localhost:9000/openapi.json?a=b',
      'farp.openapi.path': '/openapi.json',
      'farp.health.url': 'https://[::1]/health',
      other: 'https://docs.example.com/',
      text: 'http:// is how it begins',
    },
  })
  expect(metadata).toEqual({
    'farp.manifest': 'http://users.internal:9000/_farp/manifest',
    'farp.openapi': 'http://users.internal:9000/openapi.json?a=b',
    'farp.openapi.path': '/openapi.json',
    'farp.health.url': 'https://users.internal/health',
    other: 'https://docs.example.com/',
    text: 'http:// is how it begins',
  })
})

test('the manifest is at the seed where nothing else is said, and nowhere when FARP is off', () => {
  const manifest = (told: object, seed?: string): unknown => instance(told, seed).metadata['farp.manifest']
  expect(manifest({}, 'https://gate.internal/users')).toBe('https://gate.internal/users/_farp/manifest')
  expect(instance({ farp_enabled: false }).metadata).toEqual({ 'farp.enabled': 'false' })
  for (const name of ['farp_manifest', 'farp-manifest', 'FARP.IO/MANIFEST-URL'])
    expect(instance({ metadata: { [name]: 'http://m.internal/m' } }).metadata).toEqual({ [name]: 'http://m.internal/m' })
  expect(instance({ farp_enabled: true, metadata: { farp_enabled: 'false' } }).metadata).toMatchObject({ farp_enabled: 'false' })
})

test('TLS: what the service says, else as the seed was asked', () => {
  const isSecure = (told: object, seed: string): boolean => instance(told, seed).secure
  expect(isSecure({ port: 8443 }, 'https://a.internal:8443')).toBe(true)
  expect(isSecure({ port: 443 }, 'https://a.internal')).toBe(true)
  expect(isSecure({ port: 8080 }, 'https://a.internal:8443')).toBe(false)
  expect(isSecure({ port: 8443, metadata: { scheme: 'http' } }, 'https://a.internal:8443')).toBe(false)
  expect(isSecure({ port: 9, metadata: { scheme: 'HTTPS' } }, 'http://a.internal')).toBe(true)
})

test.each([
  ['<html>', /not JSON/],
  ['[]', /something else \(service_name\)/],
  ['{"service_id":"u1"}', /something else \(service_name\)/],
  ['{"service_name":"users","port":"80"}', /something else \(port\)/],
  ['{"service_name":"users","port":70000}', /something else \(port\)/],
])('%s is no record', (text, reason) => {
  expect(() => instanceIn(text, SEED)).toThrow(Outage)
  expect(() => instanceIn(text, SEED)).toThrow(reason)
})

test('names from the network are data', () => {
  const { metadata } = instanceIn('{"service_name":"users","metadata":{"__proto__":"x","constructor":"y"}}', SEED)
  expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype)
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})
