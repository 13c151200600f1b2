import { expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { readSubmission as read, statusOf } from './submission.ts'
import { withReportedStatus } from './reported-status.ts'
import { mergedInstances } from './merged.ts'
import { parseManifest } from '../manifest/parse.ts'
import type { Registration } from './registration.ts'
import type { ServiceInstance } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Submission } from './submission.ts'

const readSubmission = (body: JsonObject): Submission => read(body, LIMITS)

test('an instance in the words of every known peer', () => {
  const forms = [
    {
      id: 'i',
      service_name: 'users',
      version: '1',
      address: '10.0.0.1',
      port: 80,
      status: 'healthy',
      registered_at: '0001-01-01T00:00:00Z',
    },
    {
      id: 'i',
      service_name: 'users',
      service_version: '1',
      address: '10.0.0.1',
      port: 80,
      tags: ['farp'],
      metadata: { 'farp.enabled': 'true' },
    },
    { id: 'i', name: 'users', version: '1', address: '10.0.0.1:80', status: 'passing', last_heartbeat: 1 },
    { instance_id: 'i', serviceName: 'users', version: '1', address: '10.0.0.1', port: 80 },
  ]
  for (const instance of forms) {
    expect(readSubmission({ instance })).toMatchObject({ form: 'instance', service: 'users', id: 'i', version: '1', manifest: undefined })
  }
  expect(readSubmission({ instance: forms[2] })).toMatchObject({ status: 'healthy', claim: { address: '10.0.0.1:80', port: 0 } })
  expect(readSubmission({ instance: forms[0], manifest: null }).manifest).toBeUndefined()
})

test('where an instance does not say where it is, its manifest may', () => {
  const schemas = [{ type: 'openapi', location: { type: 'http', url: 'http://users:8080/openapi.json' } }]
  const bare = { service_name: 'users', schemas }
  expect(readSubmission(bare).claim.address).toBe('http://users:8080')
  expect(readSubmission({ ...bare, instance: { address: '10.0.0.1:81' } }).claim.address).toBe('10.0.0.1:81')
  const metadata = { farp_manifest: 'https://users:8443/_farp/manifest' }
  expect(readSubmission({ instance: { id: 'i', service_name: 'users', metadata } }).claim.address).toBe('https://users:8443')
})

test('a manifest without an id has one, the same each time', () => {
  const manifest = { service_name: 'users', instance: { address: '10.0.0.1:80' } }
  const { id } = readSubmission({ manifest })
  expect(id).toMatch(/^users-[0-9a-f]{12}$/)
  expect(readSubmission(manifest).id).toBe(id)
  expect(readSubmission({ manifest: { ...manifest, instance: { address: '10.0.0.2:80' } } }).id).not.toBe(id)
})

test('schemas beside a manifest become a part of it, and its checksum still holds', () => {
  const manifest = {
    service_name: 'users',
    checksum: '',
    schemas: [{ type: 'openapi', spec_version: '3.1.0', hash: 'x', location: { type: 'http', url: 'http://a/' } }],
  }
  const schemas = [
    { format: 'openapi', content: { openapi: '3.1.0' } },
    { format: 'graphql', content: 'type Query { a: Int }' },
    { format: 'asyncapi', content: '{"asyncapi":"3.0.0"}' },
    'nonsense',
    { content: {} },
  ]
  expect(JSON.parse(readSubmission({ manifest, schemas }).manifest!)).toMatchObject({
    schemas: [
      { type: 'openapi', hash: 'x', location: { type: 'inline' }, inline_schema: { openapi: '3.1.0' } },
      { type: 'graphql', inline_schema: 'type Query { a: Int }' },
      { type: 'asyncapi', inline_schema: { asyncapi: '3.0.0' } },
    ],
  })
})

test('words for a status', () => {
  const words = {
    passing: 'healthy',
    Warning: 'degraded',
    critical: 'unhealthy',
    unknown: '',
    draining: 'draining',
    'a\nb': 'a',
    '<x>': '',
    '': '',
  }
  for (const [word, meant] of Object.entries(words)) expect(statusOf(word), word).toBe(meant)
})

test('a reported status replaces that of a pushed manifest, and beside a served one the worse counts', () => {
  const { manifest } = parseManifest(JSON.stringify({ service_name: 'users', instance: { address: 'a:1', status: 'starting', zone: 'z' } }))
  const { manifest: plain } = parseManifest('{"service_name":"users"}')
  const status = (reported: string, isPushed: boolean, of = manifest): string | undefined =>
    withReportedStatus(of, reported, isPushed).instance?.status
  expect([status('healthy', true), status('draining', true), status('', true)]).toEqual(['healthy', 'draining', 'starting'])
  expect([status('healthy', false), status('draining', false)]).toEqual(['starting', 'starting'])
  const healthy = withReportedStatus(manifest, 'healthy', true)
  expect(healthy.instance?.zone).toBe('z')
  expect(['draining', 'degraded', 'healthy', 'odd'].map((word) => status(word, false, healthy))).toEqual([
    'draining',
    'degraded',
    'healthy',
    'healthy',
  ])
  expect([status('draining', false, plain), status('healthy', false, plain)]).toEqual(['draining', undefined])
})

test('discovery and registrations in one set', () => {
  const record = (id: string, host: string, port: number): ServiceInstance => ({
    id,
    service: 'users',
    host,
    port,
    secure: false,
    ready: false,
    weight: 1,
    metadata: {},
    provider: 'consul',
  })
  const push = (id: string, host: string, port: number, named = host): Registration =>
    ({ service: 'users', id, host, named, port, secure: false, version: '', metadata: {} }) as unknown as Registration
  const discovered = [record('a', '10.0.0.1', 80), record('b', 'b.shop', 80), record('c', '10.0.0.3', 80)]
  const pushes = [push('x', '10.0.0.1', 80), push('b', '10.0.0.2', 80, 'b.shop'), push('c', '10.0.0.9', 80), push('d', '10.0.0.4', 80)]
  const merged = mergedInstances(discovered, pushes)
  expect(merged.map(({ record: { id, provider, ready }, push: its, notes }) => [id, provider, ready, its?.id, notes.length])).toEqual([
    ['a', 'consul', false, 'x', 0],
    ['b', 'consul', false, 'b', 0],
    ['c', 'consul', false, undefined, 1],
    ['d', 'push', true, 'd', 0],
  ])
})

test('claims of the local network say nothing of a service that has registered', () => {
  const record = (service: string, provider: string): ServiceInstance => {
    const place = { host: '10.0.0.66', port: 80, secure: false }
    return { id: `${service} of ${provider}`, service, ...place, ready: true, weight: 1, metadata: {}, provider }
  }
  const place = { host: '10.0.0.1', named: '10.0.0.1', port: 80, secure: false }
  const registered = { service: 'users', id: 'u', ...place, version: '', metadata: {} } as unknown as Registration
  const discovered = [record('users', 'mdns'), record('Users', 'mdns'), record('users', 'consul'), record('orders', 'mdns')]
  const ids = (...registrations: readonly Registration[]): string[] =>
    mergedInstances(discovered, registrations).map(({ record: { id } }) => id)
  expect(ids(registered)).toEqual(['users of consul', 'orders of mdns', 'u'])
  expect(ids()).toHaveLength(4)
})
