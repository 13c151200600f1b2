import fc from 'fast-check'
import { answersIn, LONGEST_PACKET, queryOf } from './message.ts'
import { expect, test } from 'vitest'
import { instanceLabel, keyOf, labelsOf, nameOf } from './names.ts'

type Part = string | readonly number[]

const bytes = (...parts: readonly Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))))

/** A response with this number of records. */
const response = (count: number, ...records: readonly Part[]): Buffer => bytes([0, 0, 0x84, 0, 0, 0, 0, count, 0, 0, 0, 0], ...records)
const LOCAL = '\x05local\0'

test('a query: no id, no flags, every question for the Internet class', () => {
  const query = queryOf([
    { name: '_farp._tcp.local', type: 'PTR' },
    { name: String.raw`users-1\.2._farp._tcp.local`, type: 'SRV' },
  ])
  expect(query.toString('latin1')).toBe(
    `\0\0\0\0\0\x02\0\0\0\0\0\0\x05_farp\x04_tcp${LOCAL}\0\x0c\0\x01\x09users-1.2\x05_farp\x04_tcp${LOCAL}\0\x21\0\x01`,
  )
})

test('every kind of record, with names that go on further in front', () => {
  const packet = response(
    5,
    `\x05_farp\x04_tcp${LOCAL}`,
    [0, 12, 0, 1, 0, 0, 0, 120, 0, 6],
    '\x03u.1',
    [0xc0, 12],
    // The name that the first record pointed to: 12 (header) + 18 (name) + 10.
    [0xc0, 40, 0, 33, 0x80, 1, 0, 0, 0, 60, 0, 12, 0, 0, 0, 0, 0x1f, 0x90],
    '\x03box',
    [0xc0, 23],
    [0xc0, 40, 0, 16, 0x80, 1, 0, 0, 0, 60, 0, 9],
    '\x08name=\xc3\xbc!',
    '\x03box',
    [0xc0, 23, 0, 1, 0x80, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 7],
    '\x03box',
    [0xc0, 23, 0, 28, 0, 1, 0, 0, 0, 0, 0, 16, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
  )
  const instance = String.raw`u\.1._farp._tcp.local`
  expect(answersIn(packet)).toEqual([
    { type: 'PTR', name: '_farp._tcp.local', ttl: 120, isWhole: false, target: instance },
    { type: 'SRV', name: instance, ttl: 60, isWhole: true, port: 8080, target: 'box.local' },
    { type: 'TXT', name: instance, ttl: 60, isWhole: true, strings: ['name=ü!'] },
    { type: 'A', name: 'box.local', ttl: 60, isWhole: true, address: '10.0.0.7' },
    { type: 'AAAA', name: 'box.local', ttl: 0, isWhole: false, address: 'fd00::7' },
  ])
})

test('other kinds of records, other classes and odd lengths are left out', () => {
  expect(answersIn(response(1, LOCAL, [0, 47, 0, 1, 0, 0, 0, 9, 0, 1, 0]))).toEqual([])
  expect(answersIn(response(1, LOCAL, [0, 1, 0, 3, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]))).toEqual([])
  expect(answersIn(response(1, LOCAL, [0, 1, 0, 1, 0, 0, 0, 9, 0, 3, 1, 2, 3]))).toEqual([])
  // A time with its highest bit is none.
  expect(answersIn(response(1, LOCAL, [0, 1, 0, 1, 0x80, 0, 0, 9, 0, 4, 1, 2, 3, 4]))).toMatchObject([{ ttl: 0 }])
})

test.each<[string, Buffer]>([
  ['a query', queryOf([{ name: 'a.local', type: 'A' }])],
  ['nothing', Buffer.alloc(0)],
  ['half a header', Buffer.alloc(11)],
  ['a failure', bytes([0, 0, 0x84, 3, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['an update', bytes([0, 0, 0xac, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['more records than there are', response(2, LOCAL, [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a record that is longer than its packet', response(1, LOCAL, [0, 16, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0])],
  ['a text that is longer than its record', response(1, LOCAL, [0, 16, 0, 1, 0, 0, 0, 9, 0, 2, 9, 65])],
  ['a name that is itself', response(1, [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a name that goes on behind', response(1, [0xc0, 40, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['two names in a circle', response(1, '\x01a', [0xc0, 16, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a label of another kind', response(1, [0x41, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a label that is no text', response(1, [1, 0xff, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a name of 300 bytes', response(1, ...Array.from({ length: 10 }, () => `\x1d${'x'.repeat(29)}`), [0])],
  ['a packet without end', Buffer.concat([response(0), Buffer.alloc(LONGEST_PACKET)])],
])('%s is no answer', (_what, packet) => {
  expect(answersIn(packet)).toBeUndefined()
})

test('whatever comes, it is read or left', () => {
  const tail = fc.uint8Array({ maxLength: 200 })
  fc.assert(fc.property(tail, (any) => void answersIn(Buffer.from(any))))
  fc.assert(
    fc.property(fc.nat(0xff), tail, (count, any) => {
      const answers = answersIn(response(count, [...any]))
      expect(answers?.length ?? 0).toBeLessThanOrEqual(count)
    }),
  )
})

test('names keep dots and backslashes of their labels', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (labels) => {
      expect(labelsOf(nameOf(labels))).toEqual(labels)
    }),
  )
  expect(nameOf(['a.b', String.raw`c\d`, 'local'])).toBe(String.raw`a\.b.c\\d.local`)
  expect(instanceLabel(String.raw`A\.b._FARP._tcp.local`, '_farp._tcp.local')).toBe('A.b')
  expect(instanceLabel('a.b._farp._tcp.local', '_farp._tcp.local')).toBeUndefined()
  expect(keyOf('Box.LOCAL')).toBe('box.local')
})
