import { describe, expect, test } from 'vitest'
import { isReserved, mountOf, mountPath, rewriteOf, upstreamPath } from './mount.ts'
import { vectors } from './testing/vectors.ts'
import type { MountStrategy } from './manifest/manifest.ts'

interface Vector {
  readonly name: string
  readonly service_name: string
  readonly service_version: string
  readonly instance_id: string
  readonly routing: { readonly strategy: string; readonly base_path?: string; readonly subdomain?: string }
  readonly gateway_recommended: Readonly<Record<string, string>>
}

describe('mount vectors', () => {
  test.each(vectors<readonly Vector[]>('route-mounts'))('$name', (vector) => {
    const { routing } = vector
    const mount = mountOf({
      strategy: (routing.strategy || 'service') as MountStrategy,
      serviceName: vector.service_name,
      serviceVersion: vector.service_version,
      instanceId: vector.instance_id,
      basePath: routing.base_path ?? '',
      subdomain: routing.subdomain ?? '',
      domain: 'gateway.example',
    })
    for (const [path, expected] of Object.entries(vector.gateway_recommended)) expect(mountPath(mount, path)).toBe(expected)
    expect(mount.host).toBe(routing.strategy === 'subdomain' ? 'users.gateway.example' : undefined)
  })
})

test('without a domain the first label of the host decides', () => {
  const request = {
    strategy: 'subdomain',
    serviceName: 's',
    serviceVersion: '',
    instanceId: 'i',
    basePath: '',
    subdomain: 'users',
  } as const
  expect(mountOf(request)).toEqual({ prefix: '', host: 'users.*' })
})

describe('strip_prefix vectors', () => {
  const { cases } = vectors<{ cases: readonly { strip_prefix: boolean | null; request: string; upstream_path: string | null }[] }>(
    'strip-prefix',
  )
  test.each(cases)('$strip_prefix $request', ({ strip_prefix: strip, request, upstream_path: expected }) => {
    expect(upstreamPath({ prefix: '/user-service', stripPrefix: strip ?? undefined, serverPrefix: '' }, request) ?? null).toBe(expected)
  })
})

test('only a literal false forwards the full path', () => {
  expect(rewriteOf({ prefix: '/a', stripPrefix: false, serverPrefix: '/api' })).toBeUndefined()
  expect(rewriteOf({ prefix: '/a', stripPrefix: undefined, serverPrefix: '/api' })).toEqual({ stripPrefix: '/a', addPrefix: '/api' })
  expect(upstreamPath({ prefix: '/a', stripPrefix: false, serverPrefix: '' }, '/a/b')).toBe('/a/b')
  expect(upstreamPath({ prefix: '/a', stripPrefix: undefined, serverPrefix: '' }, '/a')).toBe('/')
  expect(rewriteOf({ prefix: '', stripPrefix: undefined, serverPrefix: '' })).toBeUndefined()
})

test("[R38] [F12.10.reserved] the gateway's own paths cannot be mounted", () => {
  for (const path of ['/_', '/_/x', '/_farp', '/_FARP/manifest', '/__farp/x', '/__/farp']) expect(isReserved(path), path).toBe(true)
  for (const path of ['/', '/_users', '/farp', '/users/_']) expect(isReserved(path), path).toBe(false)
})
