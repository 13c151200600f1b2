import { expect, test } from 'vitest'
import { isSecureName, serviceOf } from './naming.ts'
import { metadataIn } from './metadata.ts'
import { targetsOf } from './places.ts'

const record = (name: string, priority: number, weight: number, port = 80): Parameters<typeof targetsOf>[0][number] => ({
  name,
  priority,
  weight,
  port,
})

test.each([
  ['_http._tcp.users.example.com', 'users'],
  ['_users._tcp.example.com', 'users'],
  ['_GRPC._tcp.users.example.com', 'users'],
  ['users.service.consul', 'users'],
  ['users', 'users'],
])('the service of %s is %s', (name, service) => {
  expect(serviceOf(name)).toBe(service)
})

test('names that say TLS', () => {
  expect(['_https._tcp.a', '_grpcs._tcp.a', '_http._tcp.a', 'https.a'].map(isSecureName)).toEqual([true, true, false, false])
})

test('the lowest priority is preferred, and ranks have no gaps', () => {
  const records = [record('C', 65_535, 5), record('b.', 10, 5), record('a', 10, 5), record('d', 11, 5)]
  expect(targetsOf(records).map(({ host, rank }) => [host, rank])).toEqual([
    ['a', 0],
    ['b', 0],
    ['d', 1],
    ['c', 2],
  ])
  const many = Array.from({ length: 150 }, (_, n) => record(`h${n}`, n, 1))
  expect(Math.max(...targetsOf(many).map(({ rank }) => rank))).toBe(100)
})

test('weights: as they are, equal among zeros, and next to nothing for a zero among others', () => {
  const weights = (...given: readonly number[]): number[] =>
    targetsOf(given.map((weight, n) => record(`h${n}`, 1, weight))).map(({ weight }) => weight)
  expect([weights(1, 3), weights(0, 0), weights(0, 1, 3)]).toEqual([
    [1, 3],
    [1, 1],
    [1, 100, 300],
  ])
})

test('a target of "." says that there is no such service', () => {
  expect(targetsOf([record('', 0, 0, 0)])).toEqual([])
  expect(targetsOf([record('.', 0, 0, 0)])).toEqual([])
})

test('TXT: pairs, the first of two counts, long values go on, sentences and tricks are left out', () => {
  const long = `farp.manifest=https://a.test/${'x'.repeat(255 - 'farp.manifest=https://a.test/'.length)}`
  expect(
    metadataIn([
      ['a=1', 'b=x=y', 'flag', '=z', 'v=spf1 include'],
      ['a=2', 'two words=3'],
      [long, '?q=1', 'c='],
    ]),
  ).toEqual({
    a: '1',
    b: 'x=y',
    v: 'spf1 include',
    'farp.manifest': `${long.slice('farp.manifest='.length)}?q=1`,
    c: '',
  })
  const hostile = metadataIn([['__proto__=x']])
  expect([Object.entries(hostile), Object.getPrototypeOf(hostile)]).toEqual([[['__proto__', 'x']], Object.prototype])
  expect(Object.keys(metadataIn([Array.from({ length: 100 }, (_, n) => `k${n}=v`)]))).toHaveLength(64)
})
