import { expect, test } from 'vitest'
import { instanceOf } from './instance.ts'
import { Seen } from './seen.ts'
import type { Answer } from './message.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

const TYPE = '_farp._tcp.local'
const nameOf = (label: string): string => `${label}.${TYPE}`

const listed = (label: string, ttl = 120, name = TYPE): Answer => ({ type: 'PTR', name, ttl, isWhole: false, target: `${label}.${name}` })
const placed = (label: string, port = 80, target = 'box.local', ttl = 120): Answer => ({
  type: 'SRV',
  name: nameOf(label),
  ttl,
  isWhole: true,
  target,
  port,
})
const described = (label: string, ...strings: readonly string[]): Answer => ({
  type: 'TXT',
  name: nameOf(label),
  ttl: 120,
  isWhole: true,
  strings,
})
const addressed = (address: string, { name = 'box.local', ttl = 120, isWhole = false } = {}): Answer => ({
  type: address.includes(':') ? 'AAAA' : 'A',
  name,
  ttl,
  isWhole,
  address,
})
const whole = (label: string, ...strings: readonly string[]): Answer[] => [
  addressed('10.0.0.7'),
  described(label, ...strings),
  placed(label),
  listed(label),
]

const labels = (seen: Seen): string[] => [...seen.entries].map(({ label }) => label)
const found = (seen: Seen, type = '_farp._tcp'): ServiceInstance[] =>
  [...seen.entries].flatMap((entry) => instanceOf(entry, type, entry.place === undefined ? [] : seen.addresses(entry.place.target)) ?? [])

function heard(...answers: readonly Answer[]): Seen {
  const seen = new Seen([TYPE])
  seen.hear(answers, 0)
  return seen
}

test('an instance with nothing but its place is called by its label', () => {
  expect(found(heard(...whole('users-1')))).toEqual([
    {
      id: 'users-1',
      service: 'users-1',
      host: '10.0.0.7',
      port: 80,
      secure: false,
      ready: true,
      weight: 1,
      metadata: { 'mdns.service_type': '_farp._tcp' },
    },
  ])
})

test('names of every writer, in their order', () => {
  const one = (...strings: readonly string[]): ServiceInstance | undefined => found(heard(...whole('label', ...strings)))[0]
  // Forge: everything under its own name, the type among it.
  const forge = [
    'name=users',
    'version=v2',
    'id=u1',
    'farp.enabled=true',
    'tags=a,b',
    'mdns.service_type=_http._tcp',
    'dc=eu-1',
    'weight=3',
  ]
  expect(one(...forge)).toMatchObject({
    id: 'u1',
    service: 'users',
    version: 'v2',
    zone: 'eu-1',
    weight: 3,
    metadata: { tags: 'a,b', 'farp.enabled': 'true', 'mdns.service_type': '_http._tcp' },
  })
  // The library: its own words, and metadata behind a prefix.
  const library = [
    'farp.enabled=true',
    'farp.id=u1',
    'farp.service=users',
    'farp.status=healthy',
    'farp.meta.version=v1',
    'farp.meta.scheme=https',
  ]
  expect(one(...library)).toMatchObject({
    id: 'u1',
    service: 'users',
    version: 'v1',
    secure: true,
    ready: true,
    metadata: { version: 'v1' },
  })
  expect(one('name=users', 'farp.service=others', 'datacenter=b')).toMatchObject({ service: 'users', zone: 'b' })
  expect(one('farp.status=unhealthy')).toMatchObject({ ready: false })
  expect(one('name=', 'id=')).toMatchObject({ service: 'label', id: 'label' })
  expect(found(heard(...whole('label')), '_https._tcp')).toMatchObject([{ secure: true }])
})

test('TXT: flags, empty keys and sentences say nothing, the first of two counts, and nobody fills the memory', () => {
  const { metadata } = found(heard(...whole('a', 'flag', '=x', 'two words=1', 'k=1', 'k=2', '__proto__=x', 'e=')))[0]!
  expect(Object.entries(metadata)).toEqual([
    ['mdns.service_type', '_farp._tcp'],
    ['k', '1'],
    ['__proto__', 'x'],
    ['e', ''],
  ])
  const seen = heard(...whole('a', ...Array.from({ length: 100 }, (_, n) => `k${n}=v`)))
  for (let round = 0; round < 5; round++) seen.hear([described('a', ...Array.from({ length: 100 }, (_, n) => `r${round}-${n}=v`))], 1)
  expect(Object.keys(found(seen)[0]!.metadata)).toHaveLength(65)
})

test.each(['a\nb', ' a', 'a ', 'x'.repeat(256), '\u0000'])('a service cannot be called %j', (name) => {
  expect(found(heard(...whole('a', `name=${name}`)))).toEqual([])
  expect(found(heard(...whole('a', `id=${name}`)))).toEqual([])
})

test('what is said anew goes over what was said before', () => {
  const seen = heard(...whole('a', 'farp.service=users', 'farp.id=u1', 'farp.status=starting'))
  seen.hear([described('a', 'farp.enabled=true', 'farp.id=u1', 'farp.status=healthy', 'farp.last-health=7')], 10)
  expect(found(seen)).toMatchObject([{ id: 'u1', service: 'users', ready: true }])
})

test('the first IPv4 address, else IPv6; without an address, a port or a TXT record nothing', () => {
  const seen = heard(listed('a'), placed('a'), described('a'), addressed('fd00::7'))
  expect(found(seen)).toMatchObject([{ host: 'fd00::7' }])
  seen.hear([addressed('10.0.0.9'), addressed('10.0.0.8')], 10)
  expect(found(seen)).toMatchObject([{ host: '10.0.0.8' }])
  expect(found(heard(listed('a'), placed('a'), described('a')))).toEqual([])
  expect(found(heard(listed('a'), placed('a', 0), described('a'), addressed('10.0.0.7')))).toEqual([])
  expect(found(heard(listed('a'), placed('a'), addressed('10.0.0.7')))).toEqual([])
})

test('what belongs to no type and to no instance is not kept', () => {
  const seen = heard(placed('b'), described('b'), addressed('10.0.0.7'), listed('a', 120, '_other._tcp.local'))
  seen.hear([{ ...listed('a'), target: 'a.elsewhere.local' } as Answer, { ...listed('a'), target: 'a' } as Answer], 0)
  expect([labels(seen), seen.addresses('box.local'), seen.version]).toEqual([[], [], 0])
})

test('a goodbye counts after a second, unless somebody still has it', () => {
  const seen = heard(...whole('a'), ...whole('b'), ...whole('c'))
  seen.hear([listed('A', 0), placed('b', 80, 'box.local', 0), listed('c', 0)], 100)
  seen.hear([listed('c')], 300)
  seen.expire(1_099)
  expect(labels(seen)).toEqual(['a', 'b', 'c'])
  expect(seen.nextEnd).toBe(1_100)
  seen.expire(1_100)
  expect(labels(seen)).toEqual(['c'])
})

test('who is heard after a goodbye is asked soon, and gone without an answer', () => {
  const seen = heard(...whole('a'), ...whole('b'))
  seen.browse(0)
  seen.hear([listed('a', 0), listed('b', 0)], 100)
  expect(seen.isInDoubt(200)).toBe(false)
  seen.hear([listed('a'), listed('b')], 900)
  expect(seen.isInDoubt(900)).toBe(true)
  seen.browse(1_200)
  seen.hear([listed('b')], 1_300)
  expect(labels(seen)).toEqual(['a', 'b'])
  seen.browse(2_200)
  expect([labels(seen), seen.isInDoubt(2_200)]).toEqual([['b'], false])
  seen.browse(3_200)
  seen.browse(4_200)
  expect(labels(seen)).toEqual(['b'])
})

test('three browses in a row without an answer are the end', () => {
  const seen = heard(...whole('a'), ...whole('b'))
  seen.browse(10)
  const missed: string[][] = []
  for (let round = 1; round <= 4; round++) {
    if (round !== 2) seen.hear([listed('b')], round * 1_000 - 500)
    seen.browse(round * 1_000)
    missed.push(labels(seen))
  }
  expect(missed).toEqual([['a', 'b'], ['a', 'b'], ['b'], ['b']])
})

test('what is not said again is over with its time', () => {
  const seen = heard(listed('a', 9), placed('a', 80, 'box.local', 5), described('a'), addressed('10.0.0.7', { ttl: 3 }))
  expect([seen.shortestTerm, seen.nextEnd]).toEqual([3_000, 3_000])
  seen.expire(3_000)
  expect([found(seen), seen.nextEnd]).toEqual([[], 5_000])
  seen.hear([addressed('10.0.0.7')], 4_000)
  expect(found(seen)).toHaveLength(1)
  seen.expire(5_000)
  expect([found(seen), labels(seen)]).toEqual([[], ['a']])
  seen.expire(9_000)
  expect([labels(seen), seen.addresses('box.local'), seen.nextEnd]).toEqual([[], [], Infinity])
})

test('an address that is the whole truth takes the place of those that are older than a second', () => {
  const seen = heard(...whole('a'), addressed('fd00::7'))
  seen.hear([addressed('10.0.0.8', { isWhole: true }), addressed('10.0.0.9', { isWhole: true })], 500)
  expect(seen.addresses('box.local')).toEqual(['10.0.0.7', '10.0.0.8', '10.0.0.9', 'fd00::7'])
  seen.hear([addressed('10.0.0.9', { isWhole: true })], 2_000)
  expect(seen.addresses('BOX.local')).toEqual(['10.0.0.9', 'fd00::7'])
})

test('what is missing, or half over, is asked for; what was asked for least comes first', () => {
  const seen = heard(listed('a'), listed('b'), placed('b'))
  const lines = (now: number, most = 10): string[] => seen.questions(now, most).map(({ name, type }) => `${type} ${name}`)
  expect(lines(1, 2)).toEqual([`SRV ${nameOf('a')}`, `TXT ${nameOf('a')}`])
  expect(lines(2, 3)).toEqual([`TXT ${nameOf('b')}`, 'A box.local', 'AAAA box.local'])
  seen.hear([placed('a'), described('a'), described('b'), addressed('10.0.0.7')], 10)
  expect(lines(20)).toEqual([])
  expect(lines(61_000)).toEqual([
    `SRV ${nameOf('a')}`,
    `TXT ${nameOf('a')}`,
    'A box.local',
    'AAAA box.local',
    `SRV ${nameOf('b')}`,
    `TXT ${nameOf('b')}`,
  ])
  seen.hear([listed('a', 0), listed('b', 0)], 61_000)
  expect(lines(61_001)).toEqual([])
})

test('nobody fills the memory with instances or addresses', () => {
  const seen = heard(...Array.from({ length: 1_500 }, (_, n) => listed(`i${n}`)))
  expect([labels(seen).length, seen.isFull]).toEqual([1_000, true])
  seen.hear([placed('i1'), ...Array.from({ length: 50 }, (_, n) => addressed(`10.0.0.${n + 1}`))], 1)
  expect(seen.addresses('box.local')).toHaveLength(16)
})

test('only what is new is news', () => {
  const seen = heard(...whole('a', 'k=v'))
  const { version } = seen
  seen.hear(whole('a', 'k=v'), 1_000)
  expect(seen.version).toBe(version)
  seen.hear(whole('a', 'k=w'), 1_000)
  expect(seen.version).toBe(version + 1)
})
