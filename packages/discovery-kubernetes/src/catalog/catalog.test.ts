import { Catalog, type Kind } from './catalog.ts'
import { expect, test } from 'vitest'

const rules = { portName: undefined, includeNotReady: false, isQualified: false }
const metadata = { name: 'users', namespace: 'shop' }
const slice = {
  metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'users' } },
  addressType: 'IPv4',
  ports: [{ port: 8080 }],
  endpoints: [{ addresses: ['10.0.0.1'] }],
}

test('an instance of which nothing has changed is the same object as before: whoever compares sets is done at once', () => {
  const catalog = new Catalog(rules)
  for (const name of ['users', 'orders']) {
    catalog.put('services', { metadata: { name, namespace: 'shop' } })
    catalog.put('endpointslices', { ...slice, metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } } })
  }
  const before = catalog.instances().set
  catalog.put('endpointslices', { ...slice, endpoints: [{ addresses: ['10.0.0.2'] }] })
  const after = catalog.instances().set
  expect(after.map(({ host }) => host)).toEqual(['10.0.0.1', '10.0.0.2'])
  expect(after[0]).toBe(before[0])
})

test('a Service whose ports nobody can use is told once it has endpoints', () => {
  const catalog = new Catalog({ ...rules, portName: 'web' })
  catalog.put('services', { metadata })
  expect(catalog.instances()).toEqual({ set: [], portless: [] })
  catalog.put('endpointslices', slice)
  expect(catalog.instances()).toEqual({ set: [], portless: ['shop/users'] })
  expect(catalog.instances().portless).toEqual([])
})

test('objects that are none are passed over, whatever is in them', () => {
  const strange: unknown[] = [
    null,
    7,
    'x',
    [],
    {},
    { metadata: null },
    { metadata: { name: 7, namespace: 'shop' } },
    { metadata: { name: 'x' } },
  ]
  const catalog = new Catalog(rules)
  for (const kind of ['services', 'endpointslices', 'pods'] satisfies Kind[]) {
    for (const object of strange) {
      catalog.put(kind, object)
      catalog.delete(kind, object)
    }
    for (const value of [null, 7, 'x', {}, [null], [7], [{}], [[]]]) {
      const object = { ...slice, spec: { ports: value, ipFamilies: value }, ports: value, endpoints: value, addressType: 'IPv4' }
      catalog.put(kind, object)
      catalog.put(kind, { ...slice, endpoints: [{ addresses: value, conditions: value, targetRef: value, hints: { forZones: value } }] })
      catalog.put(kind, { ...slice, metadata: { ...slice.metadata, labels: value, annotations: value } })
    }
    catalog.replace(kind, 'shop', strange)
  }
  expect(catalog.instances()).toEqual({ set: [], portless: [] })
  catalog.put('services', JSON.parse('{"metadata":{"name":"users","namespace":"shop","annotations":{"__proto__":"x","constructor":"y"}}}'))
  catalog.put('endpointslices', slice)
  const [users] = catalog.instances().set
  expect(Object.getPrototypeOf(users?.metadata)).toBe(Object.prototype)
  expect(users?.metadata['constructor']).toBe('y')
})

test('what happens to pods touches the Services that have them, and no others', () => {
  const catalog = new Catalog(rules)
  const pod = (name: string, build: string): unknown => ({ metadata: { name, namespace: 'shop', annotations: { build } } })
  const withPod = (name: string): unknown => ({ ...slice, endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name } }] })
  catalog.put('services', { metadata })
  catalog.put('endpointslices', withPod('users-1'))
  const builds = (): unknown[] => catalog.instances().set.map((instance) => instance.metadata['build'])
  expect(builds()).toEqual([undefined])
  catalog.put('pods', pod('orders-1', '1'))
  expect(catalog.isTouched).toBe(false)
  catalog.put('pods', pod('users-1', '2'))
  expect([catalog.isTouched, builds()]).toEqual([true, ['2']])
  catalog.put('pods', { ...(pod('users-1', '2') as object), status: { phase: 'Running' } })
  expect(catalog.isTouched).toBe(false)
  catalog.put('endpointslices', withPod('users-2'))
  expect(builds()).toEqual([undefined])
  catalog.delete('pods', pod('users-1', '2'))
  expect(catalog.isTouched).toBe(false)
})
