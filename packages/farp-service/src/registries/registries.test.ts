import { describe, expect, test } from 'vitest'
import { consulMeta } from './consul.ts'
import { dnsSdTxt } from './dns-sd.ts'
import { etcdKey, etcdValue } from './etcd.ts'
import { eurekaMetadata } from './eureka.ts'
import { farp } from '../farp.ts'
import { kubernetesAnnotations, kubernetesLabels } from './kubernetes.ts'

const service = farp({
  name: 'orders',
  version: 'v1.2.0',
  instance_id: 'orders-1',
  address: '10.0.0.5:8080',
  tags: ['shop'],
  openapi: { openapi: '3.1.0' },
  graphql: 'type Query { a: Int }',
  endpoints: { metrics: '/metrics' },
})
const record = service.record()

test('a record says where the instance and its documents are', () => {
  expect(record).toMatchObject({ id: 'orders-1', service_name: 'orders', address: '10.0.0.5', port: 8080, tags: ['farp', 'shop'] })
  expect(record.metadata).toMatchObject({
    'farp.enabled': 'true',
    'farp.manifest': 'http://10.0.0.5:8080/_farp/manifest',
    'farp.openapi': 'http://10.0.0.5:8080/_farp/schemas/openapi',
    'farp.openapi.path': '/_farp/schemas/openapi',
    'farp.graphql.path': '/graphql',
    'farp.capabilities': '[rest graphql]',
    'farp.health': '/_farp/health',
    'farp.metrics.path': '/metrics',
  })
  expect(service.record('https://orders.internal').metadata['farp.manifest']).toBe('https://orders.internal:443/_farp/manifest')
  expect(() => farp({ name: 'a', version: '1' }).record()).toThrow(/where the service listens is not known/)
})

test('Consul gets keys, values and a number of pairs that its agent accepts', () => {
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`x.${index}`, 'v']))
  const meta = consulMeta({ ...record, metadata: { ...record.metadata, 'too.long': 'v'.repeat(513), 'consul-x': 'v', ...many } })
  expect(meta).toMatchObject({ farp_enabled: 'true', farp_manifest: 'http://10.0.0.5:8080/_farp/manifest' })
  expect(Object.keys(meta)).toHaveLength(64)
  for (const [key, value] of Object.entries(meta)) {
    expect(key).toMatch(/^(?!consul-)[A-Za-z0-9_-]{1,128}$/)
    expect(value.length).toBeLessThanOrEqual(512)
  }
})

test('etcd gets one object with the names that every reader looks for', () => {
  expect(etcdKey(record)).toBe('/services/orders/orders-1')
  expect(etcdKey(record, 'farp/services/')).toBe('farp/services/orders/orders-1')
  expect(JSON.parse(etcdValue(record))).toMatchObject({ id: 'orders-1', name: 'orders', service_name: 'orders', port: 8080 })
})

test('Kubernetes gets paths and a port, no address of one pod', () => {
  const annotations = kubernetesAnnotations(record)
  expect(annotations).toMatchObject({ 'farp.enabled': 'true', 'farp.openapi.path': '/_farp/schemas/openapi', 'farp.port': '8080' })
  expect(JSON.stringify(annotations)).not.toContain('10.0.0.5')
  for (const name of Object.keys(annotations)) expect(name).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)
  expect(kubernetesLabels(record)).toMatchObject({ 'farp.io/enabled': 'true', 'app.kubernetes.io/version': 'v1.2.0' })
  expect(kubernetesLabels({ ...record, version: '1.0.0+build' })).not.toHaveProperty('version')
})

test('Eureka gets names that are XML names', () => {
  expect(eurekaMetadata(record)).toMatchObject({ 'farp.enabled': 'true', version: 'v1.2.0' })
  for (const name of Object.keys(eurekaMetadata(record))) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9._-]*$/)
})

describe('DNS-SD', () => {
  test('gets strings of at most 255 bytes, the service first', () => {
    const txt = dnsSdTxt({ ...record, metadata: { ...record.metadata, 'farp.manifest': `http://${'ü'.repeat(130)}/` } })
    expect(txt.slice(0, 4)).toEqual(['name=orders', 'id=orders-1', 'version=v1.2.0', 'mdns.service_type=_farp._tcp'])
    expect(txt.some((text) => text.startsWith('farp.manifest='))).toBe(false)
    for (const text of txt) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255)
  })

  test('gets no more than fits into a packet', () => {
    const metadata = { ...record.metadata, ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`x${index}`, 'v'.repeat(200)])) }
    const txt = dnsSdTxt({ ...record, metadata })
    expect(txt).toContain('farp.enabled=true')
    expect(txt.reduce((sum, text) => sum + text.length + 1, 0)).toBeLessThanOrEqual(1300)
  })
})
