import { expect, test } from 'vitest'
import { queryOf } from './message.ts'
import { Seen } from './seen.ts'
import type { Answer } from './message.ts'

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

const nowhere = (): boolean => false
const everywhere = (): boolean => true

const labels = (seen: Seen<string>): string[] => [...seen.entries].map(({ label }) => label)
/** Those of which everything is known. */
const found = (seen: Seen<string>): string[] =>
  [...seen.entries].flatMap(({ label, place, text }) =>
    text !== undefined && place !== undefined && seen.addresses(place.target, everywhere).length > 0 ? [label] : [],
  )

function heard(...answers: readonly Answer[]): Seen<string> {
  const seen = new Seen(['_farp._tcp'], 'local', (strings) => strings.join())
  seen.hear(answers, 'eth0', 0)
  return seen
}

test('what belongs to no type and to no instance is not kept', () => {
  const seen = heard(placed('b'), described('b'), addressed('10.0.0.7'), listed('a', 120, '_other._tcp.local'))
  seen.hear([{ ...listed('a'), target: 'a.elsewhere.local' } as Answer, { ...listed('a'), target: 'a' } as Answer], 'eth0', 0)
  expect([labels(seen), seen.addresses('box.local', everywhere), seen.version]).toEqual([[], [], 0])
})

test('a goodbye counts after a second, unless somebody still has it', () => {
  const seen = heard(...whole('a'), ...whole('b'), ...whole('c'))
  seen.hear([listed('A', 0), placed('b', 80, 'box.local', 0), listed('c', 0)], 'eth0', 100)
  seen.hear([listed('c')], 'eth0', 300)
  seen.expire(1_099)
  expect(labels(seen)).toEqual(['a', 'b', 'c'])
  expect(seen.nextEnd).toBe(1_100)
  seen.expire(1_100)
  expect(labels(seen)).toEqual(['c'])
})

test('who is heard after a goodbye is asked soon, and gone without an answer', () => {
  const seen = heard(...whole('a'), ...whole('b'))
  seen.browse(0, nowhere)
  seen.hear([listed('a', 0), listed('b', 0)], 'eth0', 100)
  expect(seen.isInDoubt(200)).toBe(false)
  seen.hear([listed('a'), listed('b')], 'eth0', 900)
  expect(seen.isInDoubt(900)).toBe(true)
  seen.browse(1_200, nowhere)
  seen.hear([listed('b')], 'eth0', 1_300)
  expect(labels(seen)).toEqual(['a', 'b'])
  seen.browse(2_200, nowhere)
  expect([labels(seen), seen.isInDoubt(2_200)]).toEqual([['b'], false])
  seen.browse(3_200, nowhere)
  seen.browse(4_200, nowhere)
  expect(labels(seen)).toEqual(['b'])
})

test('three browses in a row without an answer are the end', () => {
  const seen = heard(...whole('a'), ...whole('b'))
  seen.browse(10, nowhere)
  const missed: string[][] = []
  for (let round = 1; round <= 4; round++) {
    if (round !== 2) seen.hear([listed('b')], 'eth0', round * 1_000 - 500)
    seen.browse(round * 1_000, nowhere)
    missed.push(labels(seen))
  }
  expect(missed).toEqual([['a', 'b'], ['a', 'b'], ['b'], ['b']])
})

test('after an outage three browses have to be missed anew, and who had said goodbye has to answer the first one', () => {
  const seen = heard(...whole('a'), ...whole('b'))
  for (const now of [10, 1_000, 2_000]) seen.browse(now, nowhere)
  seen.hear([listed('b', 0)], 'eth0', 2_100)
  seen.hear([listed('b')], 'eth0', 2_200)
  const left: string[][] = []
  seen.resume()
  for (const now of [3_000, 4_000, 5_000, 6_000]) {
    seen.browse(now, nowhere)
    left.push(labels(seen))
  }
  expect(left).toEqual([['a', 'b'], ['a'], ['a'], []])
})

test('who was heard last on a link that is away has missed nothing, and is over with its time', () => {
  const seen = heard(listed('a', 10), listed('b'))
  seen.hear([listed('b')], 'wlan0', 0)
  for (const now of [10, 1_000, 2_000, 3_000, 4_000]) seen.browse(now, (zone) => zone === 'eth0')
  expect(labels(seen)).toEqual(['a'])
  seen.expire(10_000)
  expect(labels(seen)).toEqual([])
})

test('what is not said again is over with its time', () => {
  const seen = heard(listed('a', 9), placed('a', 80, 'box.local', 5), described('a'), addressed('10.0.0.7', { ttl: 3 }))
  expect([seen.shortestTerm, seen.nextEnd]).toEqual([3_000, 3_000])
  seen.expire(3_000)
  expect([found(seen), seen.nextEnd]).toEqual([[], 5_000])
  seen.hear([addressed('10.0.0.7')], 'eth0', 4_000)
  expect(found(seen)).toHaveLength(1)
  seen.expire(5_000)
  expect([found(seen), labels(seen)]).toEqual([[], ['a']])
  seen.expire(9_000)
  expect([labels(seen), seen.addresses('box.local', everywhere), seen.nextEnd]).toEqual([[], [], Infinity])
})

test('an address that is the whole truth takes the place of those that are older than a second', () => {
  const seen = heard(...whole('a'), addressed('fd00::7'))
  seen.hear([addressed('10.0.0.8', { isWhole: true }), addressed('10.0.0.9', { isWhole: true })], 'eth0', 500)
  expect(seen.addresses('box.local', everywhere)).toEqual(['10.0.0.7', '10.0.0.8', '10.0.0.9', 'fd00::7'])
  seen.hear([addressed('10.0.0.9', { isWhole: true })], 'eth0', 2_000)
  expect(seen.addresses('BOX.local', everywhere)).toEqual(['10.0.0.9', 'fd00::7'])
})

test('what a host says on one link takes nothing from what it says on another', () => {
  const seen = heard(...whole('a'))
  seen.hear([addressed('192.168.1.7', { isWhole: true })], 'wlan0', 2_000)
  expect(seen.addresses('box.local', everywhere)).toEqual(['10.0.0.7', '192.168.1.7'])
  seen.hear([addressed('192.168.1.8', { isWhole: true })], 'wlan0', 4_000)
  expect(seen.addresses('box.local', everywhere)).toEqual(['10.0.0.7', '192.168.1.8'])
})

test('a link-local address has the zone in which it was heard, and leaves there alone', () => {
  const seen = heard(listed('a'), placed('a'), described('a'), addressed('fe80::7'))
  seen.hear([addressed('fe80::7')], 'wlan0', 100)
  expect(seen.addresses('box.local', everywhere)).toEqual(['fe80::7%eth0', 'fe80::7%wlan0'])
  seen.hear([addressed('fe80::7', { ttl: 0 })], 'eth0', 200)
  seen.expire(1_200)
  expect(seen.addresses('box.local', everywhere)).toEqual(['fe80::7%wlan0'])
})

test('of a host that no instance is at any longer nothing is kept', () => {
  const seen = heard(...whole('a'), ...whole('b'))
  seen.hear([placed('a', 80, 'other.local')], 'eth0', 1)
  expect(seen.addresses('box.local', everywhere)).toEqual(['10.0.0.7'])
  seen.hear([placed('b', 80, 'other.local')], 'eth0', 2)
  expect([seen.addresses('box.local', everywhere), found(seen)]).toEqual([[], []])
  seen.hear([addressed('10.0.0.7'), addressed('10.0.0.8', { name: 'other.local' })], 'eth0', 3)
  expect([seen.addresses('box.local', everywhere), found(seen)]).toEqual([[], ['a', 'b']])
})

test('what is missing, or half over, is asked for; what was asked for least comes first', () => {
  const seen = heard(listed('a'), listed('b'), placed('b'))
  const lines = (now: number, most = 10): string[] => seen.questions(now, most).map(({ name, type }) => `${type} ${name}`)
  expect(lines(1, 2)).toEqual([`SRV ${nameOf('a')}`, `TXT ${nameOf('a')}`])
  expect(lines(2, 3)).toEqual([`TXT ${nameOf('b')}`, 'A box.local', 'AAAA box.local'])
  seen.hear([placed('a'), described('a'), described('b'), addressed('10.0.0.7')], 'eth0', 10)
  expect(lines(20)).toEqual([])
  expect(lines(61_000)).toEqual([
    `SRV ${nameOf('a')}`,
    `TXT ${nameOf('a')}`,
    'A box.local',
    'AAAA box.local',
    `SRV ${nameOf('b')}`,
    `TXT ${nameOf('b')}`,
  ])
  seen.hear([listed('a', 0), listed('b', 0)], 'eth0', 61_000)
  expect(lines(61_001)).toEqual([])
})

test('nobody fills the memory with instances, hosts or addresses', () => {
  const many = (count: number, of: (n: number) => Answer): Answer[] => Array.from({ length: count }, (_, n) => of(n))
  const seen = heard(...many(5_000, (n) => listed(`i${n}`)))
  expect([labels(seen).length, seen.isFull]).toEqual([1_000, true])
  seen.hear([placed('i1'), ...many(50, (n) => addressed(`10.0.0.${n + 1}`))], 'eth0', 1)
  expect(seen.addresses('box.local', everywhere)).toHaveLength(16)
  // One instance has one host, however many it has claimed to be at.
  seen.hear(
    many(500, (n) => placed('i1', 80, `h${n}.local`)),
    'eth0',
    2,
  )
  seen.hear(
    many(500, (n) => addressed('10.0.0.7', { name: `h${n}.local` })),
    'eth0',
    3,
  )
  expect(many(500, (n) => addressed('10.0.0.7', { name: `h${n}.local` })).flatMap(({ name }) => seen.addresses(name, everywhere))).toEqual([
    '10.0.0.7',
  ])
})

test('however much there is to ask for, a question is no longer than that, and everybody has a turn', () => {
  const seen = heard(...Array.from({ length: 1_000 }, (_, n) => listed(`i${n}`)))
  const asked = new Set<string>()
  for (let round = 0; round < 60; round++) {
    const questions = seen.questions(1, 60)
    expect(questions.length).toBeLessThanOrEqual(60)
    for (const { name } of questions) asked.add(name)
  }
  expect(asked.size).toBe(1_000)
})

test('questions about long names are fewer: nobody has to take a packet of more than 9,000 bytes', () => {
  const label = 'x'.repeat(60)
  const seen = heard(...Array.from({ length: 100 }, (_, n) => listed(`${n}${label}`)))
  const asked = new Set<string>()
  for (let round = 0; round < 60; round++) {
    const questions = seen.questions(1, 60)
    expect(queryOf(questions).length).toBeLessThan(1_500)
    for (const { name } of questions) asked.add(name)
  }
  expect(asked.size).toBe(100)
})

test('only what is new is news', () => {
  const seen = heard(...whole('a', 'k=v'))
  const { version } = seen
  seen.hear(whole('a', 'k=v'), 'eth0', 1_000)
  expect(seen.version).toBe(version)
  seen.hear(whole('a', 'k=w'), 'eth0', 1_000)
  expect(seen.version).toBe(version + 1)
})
