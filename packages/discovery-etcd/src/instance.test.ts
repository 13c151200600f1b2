import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { instanceIn } from './instance.ts'
import { outermost, rangeOf, shapeOf } from './keys.ts'

const NAMED = { service: 'from-key', id: 'id-of-key' }

describe('instanceIn', () => {
  test('the record of FARP libraries', () => {
    const value = {
      id: 'users-1',
      service_name: 'users',
      version: 'v2',
      address: '10.0.0.7',
      port: 8080,
      status: 'healthy',
      tags: ['farp', 'eu'],
      metadata: { 'farp.enabled': 'true' },
      registered_at: '2024-01-01T00:00:00Z',
      last_health_check: '0001-01-01T00:00:00Z',
    }
    expect(instanceIn(value, NAMED)).toEqual({
      id: 'users-1',
      service: 'users',
      host: '10.0.0.7',
      port: 8080,
      secure: false,
      ready: true,
      weight: 1,
      version: 'v2',
      metadata: { tags: 'farp,eu', 'farp.enabled': 'true' },
    })
  })

  test('the record of Forge, and its port in the address', () => {
    const value = {
      id: 'a',
      name: 'users',
      version: '1',
      address: 'users.local:8443',
      port: 0,
      status: 'passing',
      metadata: { scheme: 'https' },
    }
    expect(instanceIn(value, NAMED)).toMatchObject({ service: 'users', host: 'users.local', port: 8443, secure: true, ready: true })
    expect(instanceIn({ ...value, address: '[fd00::1]:8443' }, NAMED)).toMatchObject({ host: 'fd00::1', port: 8443 })
    expect(instanceIn({ ...value, address: 'fd00::1', port: 81 }, NAMED)).toMatchObject({ host: 'fd00::1', port: 81 })
    expect(instanceIn({ ...value, address: '10.0.0.1:80', port: 81 }, NAMED)).toMatchObject({ host: '10.0.0.1', port: 81 })
  })

  test('the record of Octopus, with tables in its metadata', () => {
    const value = {
      id: 'a',
      name: 'users',
      address: '10.0.0.1',
      port: 80,
      metadata: { version: '3', tags: ['x', 'y'], custom: { team: 'core', n: 1 } },
    }
    expect(instanceIn(value, NAMED)).toMatchObject({ version: '3', metadata: { version: '3', tags: 'x,y', team: 'core', n: '1' } })
  })

  test('what the value does not say the key says, and the address at last', () => {
    expect(instanceIn({ address: '10.0.0.1', port: 80 }, NAMED)).toMatchObject({ service: 'from-key', id: 'id-of-key' })
    expect(instanceIn({ address: '10.0.0.1', port: 80 }, { service: 'users', id: undefined })).toMatchObject({ id: 'users@10.0.0.1:80' })
  })

  test.each(['healthy', 'degraded', 'passing', 'warning', 'unknown', 'something', undefined])('%s gets requests', (status) => {
    expect(instanceIn({ address: 'a', port: 1, status }, NAMED)?.ready).toBe(true)
  })

  test.each(['starting', 'unhealthy', 'critical', 'draining', 'stopping', 'CRITICAL'])('%s gets none', (status) => {
    expect(instanceIn({ address: 'a', port: 1, status }, NAMED)?.ready).toBe(false)
  })

  test.each([undefined, null, 1, 'text', [], {}, { address: '' }, { address: 1 }, { port: 80 }])('%j is none', (value) => {
    expect(instanceIn(value, NAMED)).toBeUndefined()
  })

  test('names such as __proto__ are data', () => {
    const value: unknown = JSON.parse('{ "address": "a", "port": 1, "metadata": { "__proto__": "x", "custom": { "constructor": "y" } } }')
    const metadata = instanceIn(value, NAMED)!.metadata
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype)
  })
})

test('keys say what is behind them', () => {
  const shapes = [
    ['/services/users/u1', '/services/'],
    ['/octopus/services/users', '/octopus/services/'],
    ['/forge/services/users/instances/u1/metadata', '/forge/services/'],
    ['/forge/services/users/instances/u1/manifest.gz', '/forge/services/'],
    ['/forge/services/users/schemas/v1/openapi', '/forge/services/'],
    ['/services/a/b/c/d', '/services/'],
    ['/services/users/', '/services/'],
  ].map(([key, prefix]) => shapeOf(key!, prefix!))
  expect(shapes).toEqual([
    { kind: 'instance', service: 'users', id: 'u1', isCertain: true },
    { kind: 'instance', service: 'users', id: undefined, isCertain: true },
    { kind: 'instance', service: 'users', id: 'u1', isCertain: true },
    { kind: 'manifest', service: 'users', id: 'u1', isCertain: true },
    null,
    { kind: 'instance', service: undefined, id: 'd', isCertain: false },
    null,
  ])
})

test('the key under which the library keeps a manifest', () => {
  const vector = new URL('../../farp/vectors/storage-keys.json', import.meta.url)
  const { library_manifest_key: key } = JSON.parse(readFileSync(vector, 'utf8')) as { readonly library_manifest_key: string }
  expect(shapeOf(key, 'farp/services/')).toEqual({ kind: 'manifest', service: 'user-service', id: 'abc123', isCertain: true })
})

test('ranges end where the prefix does, also behind other bytes than ASCII', () => {
  expect(rangeOf('/a/')).toEqual({ key: Buffer.from('/a/'), end: Buffer.from('/a0') })
  expect(rangeOf('é').end).toEqual(Buffer.of(0xc3, 0xaa))
  expect(outermost(['/a/b/', '/a/', '/c/', '/a/'])).toEqual(['/a/', '/c/'])
})
