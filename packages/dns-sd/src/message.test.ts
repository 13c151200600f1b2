import fc from 'fast-check'
import { answersIn, LONGEST_PACKET, queryOf } from './message.ts'
import { expect, test } from 'vitest'
import { instanceLabel, keyOf, labelsOf, nameOf } from './names.ts'

type Part = string | Buffer | readonly number[]

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
  ['a record of which nothing is read that is longer than its packet', response(1, LOCAL, [0, 47, 0, 1, 0, 0, 0, 9, 0, 2, 0])],
  ['a text that is longer than its record', response(1, LOCAL, [0, 16, 0, 1, 0, 0, 0, 9, 0, 2, 9, 65])],
  ['a name that is itself', response(1, [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a name that goes on behind', response(1, [0xc0, 40, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a name that goes on in a name behind', response(1, [0xc0, 28, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4], LOCAL)],
  ['two names in a circle', response(1, '\x01a', [0xc0, 16, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a label of another kind', response(1, [0x41, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a label that is no text', response(1, [1, 0xff, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])],
  ['a name of 300 bytes', response(1, ...Array.from({ length: 10 }, () => `\x1d${'x'.repeat(29)}`), [0])],
  ['a packet without end', Buffer.concat([response(0), Buffer.alloc(LONGEST_PACKET)])],
])('%s is no answer', (_what, packet) => {
  expect(answersIn(packet)).toBeUndefined()
})

/** A name that is written out, and a record with it. */
const nameBytes = (labels: readonly string[]): number[] => [
  ...labels.flatMap((label) => [Buffer.byteLength(label), ...Buffer.from(label)]),
  0,
]
const record = (name: Part, type: number, data: readonly number[]): Buffer =>
  bytes(name, [0, type, 0, 1, 0, 0, 0, 9, data.length >> 8, data.length & 255], data)

const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => Buffer.byteLength(text) < 64)
const labels = fc.array(label, { minLength: 1, maxLength: 3 })

test('whatever a responder calls its instances and hosts, it is read as it was written', () => {
  const instance = fc.record({
    parent: labels,
    label,
    host: labels,
    port: fc.nat(0xffff),
    address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  })
  fc.assert(
    fc.property(instance, ({ parent, label: own, host, port, address }) => {
      const packet = response(
        3,
        record(nameBytes(parent), 12, nameBytes([own, ...parent])),
        record(nameBytes([own, ...parent]), 33, [0, 0, 0, 0, port >> 8, port & 255, ...nameBytes(host)]),
        record(nameBytes(host), 1, [...address]),
      )
      const common = { ttl: 9, isWhole: false }
      expect(answersIn(packet)).toEqual([
        { ...common, type: 'PTR', name: nameOf(parent), target: nameOf([own, ...parent]) },
        { ...common, type: 'SRV', name: nameOf([own, ...parent]), target: nameOf(host), port },
        { ...common, type: 'A', name: nameOf(host), address: address.join('.') },
      ])
    }),
  )
})

/** Whatever it is: it throws nothing, and holds no more than its bytes can. */
function expectBounded(packet: Buffer): void {
  const answers = answersIn(packet) ?? []
  expect(answers.length).toBeLessThanOrEqual(packet.length / 11)
  for (const answer of answers) {
    const names = [answer.name, ...('target' in answer ? [answer.target] : [])]
    // Escapes double a byte at most.
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(2 * 255)
    if (answer.type === 'TXT') expect(answer.strings.join('').length).toBeLessThanOrEqual(packet.length)
  }
}

const WHOLE = response(
  4,
  record(`\x05_farp\x04_tcp${LOCAL}`, 12, [3, 117, 46, 49, 0xc0, 12]),
  record([0xc0, 40], 33, [0, 0, 0, 0, 0x1f, 0x90, 3, 98, 111, 120, 0xc0, 23]),
  record([0xc0, 40], 16, [3, 107, 61, 118, 4, 110, 61, 0xc3, 0xbc]),
  record(`\x03box${LOCAL}`, 28, [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
)

test('of a packet that was cut nothing is believed, wherever it was', () => {
  expect(answersIn(WHOLE)).toHaveLength(4)
  for (let length = 0; length < WHOLE.length; length++) expect(answersIn(WHOLE.subarray(0, length))).toBeUndefined()
})

test('whatever comes, it is read or left', () => {
  const tail = fc.uint8Array({ maxLength: 300 })
  fc.assert(fc.property(tail, (any) => expectBounded(Buffer.from(any))))
  fc.assert(fc.property(fc.nat(0xff), tail, (count, any) => expectBounded(response(count, [...any]))))
})

test('a packet with some bytes changed is read or left', () => {
  const changes = fc.array(fc.tuple(fc.nat(WHOLE.length - 1), fc.nat(0xff)), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(changes, (some) => {
      const packet = Buffer.from(WHOLE)
      for (const [at, byte] of some) packet[at] = byte
      expectBounded(packet)
    }),
    { numRuns: 1_000 },
  )
})

test('names of pointers in every direction come to an end', () => {
  const piece = fc.oneof(
    fc.nat(600).map((target) => [0xc0 | (target >> 8), target & 0xff]),
    fc.constant([0]),
    label.map((text) => nameBytes([text]).slice(0, -1)),
    fc.constant([0, 12, 0, 1, 0, 0, 0, 9, 0, 2]),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 150 }), fc.nat(0xff), (pieces, count) => expectBounded(response(count, pieces.flat()))),
    { numRuns: 1_000 },
  )
})

test('counts of records and questions that are not there cost nothing', () => {
  const said = (...counts: readonly number[]): Buffer => bytes([0, 0, 0x84, 0, ...counts.flatMap((count) => [count >> 8, count & 0xff])])
  expect(answersIn(said(0xffff, 0xffff, 0xffff, 0xffff))).toBeUndefined()
  expect(answersIn(Buffer.concat([said(0xffff, 0, 0, 0), Buffer.alloc(LONGEST_PACKET - 12)]))).toBeUndefined()
  expect(answersIn(Buffer.concat([said(0, 0, 0, 0xffff), Buffer.alloc(LONGEST_PACKET - 12)]))).toBeUndefined()
})

test('a name has 255 bytes, however it is put together', () => {
  const long = nameBytes(Array.from({ length: 4 }, () => 'x'.repeat(50)))
  const at = (length: number): Buffer =>
    response(2, record(long, 47, []), record([length, ...Buffer.alloc(length, 'y'), 0xc0, 12], 1, [1, 2, 3, 4]))
  expect(answersIn(at(49))).toHaveLength(1)
  expect(answersIn(at(50))).toBeUndefined()
})

test('records that all point at a name of many labels, or through a chain of pointers, are too much', () => {
  const many = nameBytes(Array.from({ length: 120 }, () => 'a'))
  const pointing = (count: number): Buffer =>
    response(1 + count, record(many, 47, []), ...Array.from({ length: count }, () => record([0xc0, 12], 1, [1, 2, 3, 4])))
  expect(answersIn(pointing(10))).toHaveLength(10)
  expect(answersIn(pointing(200))).toBeUndefined()

  // In data that nobody reads: each pointer leads to the one in front of it, and the first one to a name.
  const begin = 12 + 3 + 10
  const to = (target: number): number[] => [0xc0 | (target >> 8), target & 0xff]
  const chain = Array.from({ length: 4_000 }, (_, index) => to(index === 0 ? 12 : begin + 2 * (index - 1)))
  const through = (count: number): Buffer =>
    response(
      1 + count,
      record(nameBytes(['a']), 47, chain.flat()),
      ...Array.from({ length: count }, () => record(to(begin + 2 * (chain.length - 1)), 1, [1, 2, 3, 4])),
    )
  expect(answersIn(through(1))).toHaveLength(1)
  expect(answersIn(through(2))).toBeUndefined()
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
