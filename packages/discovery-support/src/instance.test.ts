import { expect, test } from 'vitest'
import { hostAndPort, inOrder, instanceWith, isIn, spellingOf } from './instance.ts'

const FACTS = {
  id: 'a',
  service: 'users',
  host: '10.0.0.7',
  port: 80,
  secure: false,
  ready: true,
  weight: 1,
  zone: undefined,
  version: undefined,
  metadata: {},
}

test('an instance has a zone and a version only where there is one, and no brackets around its host', () => {
  expect(instanceWith({ ...FACTS, host: '[fd00::7]', zone: '', version: '' })).toEqual({
    id: 'a',
    service: 'users',
    host: 'fd00::7',
    port: 80,
    secure: false,
    ready: true,
    weight: 1,
    metadata: {},
  })
  expect(instanceWith({ ...FACTS, zone: 'eu-1', version: 'v2' })).toMatchObject({ zone: 'eu-1', version: 'v2' })
})

test.each([
  [3, 3],
  [0, 0],
  ['2.5', 2.5],
  ['', 1],
  ['heavy', 1],
  ['-1', 1],
  [-1, 1],
  [Infinity, 1],
  [undefined, 1],
  [{}, 1],
])('the weight %j is %d', (weight, expected) => expect(instanceWith({ ...FACTS, weight }).weight).toBe(expected))

test('sets are in the order of services and ids, each instance once, the first of two', () => {
  const of = (service: string, id: string, host = ''): ReturnType<typeof instanceWith> => instanceWith({ ...FACTS, service, id, host })
  const set = inOrder([of('users', 'b'), of('orders', 'z'), of('users', 'a', 'first'), of('users', 'a', 'second')])
  expect(set.map(({ service, id, host }) => [service, id, host])).toEqual([
    ['orders', 'z', ''],
    ['users', 'a', 'first'],
    ['users', 'b', ''],
  ])
})

test('an address may hold a port', () => {
  const read = ['10.0.0.7', '10.0.0.7:80', '[fd00::7]:80', '[fd00::7]', 'fd00::7', ':80', ''].map(hostAndPort)
  expect(read.map(({ host, port }) => [host, port])).toEqual([
    ['10.0.0.7', 0],
    ['10.0.0.7', 80],
    ['fd00::7', 80],
    ['fd00::7', 0],
    ['fd00::7', 0],
    ['', 80],
    ['', 0],
  ])
})

test('some states take an instance out', () => {
  expect(['Unhealthy', 'down', 'draining'].map(isIn)).toEqual([false, false, false])
  expect(['passing', 'healthy', 'whatever', '', undefined].map(isIn)).toEqual([true, true, true, true, true])
})

test('spellings of one name are one', () => {
  for (const name of ['farp.manifest', 'FARP_MANIFEST', 'farp-manifest', 'Farp/Manifest']) expect(spellingOf(name)).toBe('farp.manifest')
})
