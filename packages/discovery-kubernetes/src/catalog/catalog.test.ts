import { Catalog } from './catalog.ts'
import { expect, test } from 'vitest'

const rules = { portName: undefined, includeNotReady: false, isQualified: false }
const KEY = 'shop/users'
const sliceOf = (service: string, more: object = {}): object => ({
  metadata: { labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ port: 8080 }],
  endpoints: [{ addresses: ['10.0.0.1'] }],
  ...more,
})

/** A catalog, and how often it has said that something has changed. */
function catalogOf(more: Partial<typeof rules> | { readonly portName: string } = {}): { readonly catalog: Catalog; changes(): number } {
  let changes = 0
  return { catalog: new Catalog({ ...rules, ...more }, () => void (changes += 1)), changes: () => changes }
}

test('an instance of which nothing has changed is the same object as before: whoever compares sets is done at once', () => {
  const { catalog } = catalogOf()
  for (const name of ['users', 'orders']) {
    catalog.services.put(`shop/${name}`, {})
    catalog.slices.put(`shop/${name}`, sliceOf(name))
  }
  const before = catalog.instances().set
  catalog.slices.put(KEY, sliceOf('users', { endpoints: [{ addresses: ['10.0.0.2'] }] }))
  const after = catalog.instances().set
  expect(after.map(({ host }) => host)).toEqual(['10.0.0.1', '10.0.0.2'])
  expect(after[0]).toBe(before[0])
})

test('what is deleted is gone', () => {
  const { catalog, changes } = catalogOf()
  const hosts = (): unknown[] => catalog.instances().set.map(({ host }) => host)
  catalog.services.put(KEY, {})
  catalog.slices.put('shop/users-1', sliceOf('users'))
  catalog.slices.put('shop/users-2', sliceOf('users', { endpoints: [{ addresses: ['10.0.0.2'] }] }))
  expect(hosts()).toEqual(['10.0.0.1', '10.0.0.2'])
  catalog.slices.delete('shop/users-1')
  expect(hosts()).toEqual(['10.0.0.2'])
  const before = changes()
  catalog.services.delete(KEY)
  expect([hosts(), catalog.hasServices('shop'), changes() > before]).toEqual([[], false, true])
})

test('a Service whose ports nobody can use is told once it has endpoints', () => {
  const { catalog } = catalogOf({ portName: 'web' })
  catalog.services.put(KEY, {})
  expect(catalog.instances()).toEqual({ set: [], portless: [] })
  catalog.slices.put(KEY, sliceOf('users'))
  expect(catalog.instances()).toEqual({ set: [], portless: [KEY] })
  expect(catalog.instances().portless).toEqual([])
})

test('objects that are none are passed over, whatever is in them', () => {
  const { catalog } = catalogOf()
  for (const table of [catalog.services, catalog.slices, catalog.pods]) {
    for (const value of [null, 7, 'x', [], {}, [null], [7], [{}], [[]]]) {
      const { metadata } = sliceOf('users') as { readonly metadata: object }
      table.put(KEY, value)
      table.put(KEY, { metadata: value })
      table.put(KEY, sliceOf('users', { spec: { ports: value, ipFamilies: value }, ports: value, endpoints: value, addressType: 'IPv4' }))
      table.put(
        KEY,
        sliceOf('users', { endpoints: [{ addresses: value, conditions: value, targetRef: value, hints: { forZones: value } }] }),
      )
      table.put(KEY, sliceOf('users', { metadata: { ...metadata, labels: value, annotations: value } }))
    }
    table.delete(KEY)
  }
  expect(catalog.instances()).toEqual({ set: [], portless: [] })
  catalog.services.put(KEY, JSON.parse('{"metadata":{"annotations":{"__proto__":"x","constructor":"y"}}}'))
  catalog.slices.put(KEY, sliceOf('users'))
  const [users] = catalog.instances().set
  expect(Object.getPrototypeOf(users?.metadata)).toBe(Object.prototype)
  expect(users?.metadata['constructor']).toBe('y')
})

test('what happens to pods touches the Services that have them, and no others', () => {
  const { catalog, changes } = catalogOf()
  const pod = (build: string): object => ({ metadata: { annotations: { build } } })
  const withPod = (name: string): object => sliceOf('users', { endpoints: [{ addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name } }] })
  const builds = (): unknown[] => catalog.instances().set.map((instance) => instance.metadata['build'])
  /** Whether it says that something has changed. */
  const isToldOf = (change: () => void): boolean => {
    const before = changes()
    change()
    return changes() > before
  }
  catalog.services.put(KEY, {})
  catalog.slices.put(KEY, withPod('users-1'))
  expect(builds()).toEqual([undefined])
  expect(isToldOf(() => catalog.pods.put('shop/orders-1', pod('1')))).toBe(false)
  expect(isToldOf(() => catalog.pods.put('shop/users-1', pod('2')))).toBe(true)
  expect(builds()).toEqual(['2'])
  expect(isToldOf(() => catalog.pods.put('shop/users-1', { ...pod('2'), status: { phase: 'Running' } }))).toBe(false)
  catalog.slices.put(KEY, withPod('users-2'))
  expect(builds()).toEqual([undefined])
  expect(isToldOf(() => catalog.pods.delete('shop/users-1'))).toBe(false)
})
