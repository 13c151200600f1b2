import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameCursor } from './frame-cursor.ts'

interface Given {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isMasked: boolean
  readonly length: number
}

/** A frame in the shortest form of its length. */
function bytesOf({ opcode, isFinal, isMasked, length }: Given): Buffer {
  const second = isMasked ? 0x80 : 0
  const first = (isFinal ? 0x80 : 0) | opcode
  const head = length < 126 ? [first, second | length] : [first, second | 126, length >> 8, length & 0xff]
  return Buffer.from([...head, ...(isMasked ? [1, 2, 3, 4] : []), ...Array.from({ length }, () => 0x88)])
}

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    isFinal: fc.boolean(),
    isMasked: fc.boolean(),
    length: fc.oneof(fc.nat(130), fc.nat(70)),
  }),
  { minLength: 1, maxLength: 6 },
)

test('the borders of frames are found wherever the bytes are split', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (given, sizes) => {
      const pieces = given.map(bytesOf)
      const all = Buffer.concat(pieces)
      const borders: number[] = []
      let end = 0
      for (const piece of pieces) borders.push((end += piece.length))
      const cursor = new FrameCursor()
      for (let at = 0, i = 0; at < all.length; i++) {
        const piece = all.subarray(at, at + sizes[i % sizes.length]!)
        const inside = borders.find((border) => border > at && border <= at + piece.length)
        expect(cursor.pass(piece)).toBe(inside === undefined ? -1 : inside - at)
        at += piece.length
        expect(cursor.isBetween).toBe(borders.includes(at))
      }
      expect(cursor.hasClosed).toBe(false)
    }),
  )
})

test('a Close frame is seen as soon as its header is complete', () => {
  const cursor = new FrameCursor()
  expect(cursor.isBetween).toBe(true)
  cursor.pass(Buffer.from([0x88]))
  expect(cursor.hasClosed).toBe(false)
  cursor.pass(Buffer.from([0x02]))
  expect(cursor.hasClosed).toBe(true)
  expect(cursor.isBetween).toBe(false)
  expect(cursor.pass(Buffer.from([0x03, 0xe8]))).toBe(2)
})

test('lengths of 64 bits', () => {
  const cursor = new FrameCursor()
  cursor.pass(Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 2, 0, 0]))
  expect(cursor.pass(Buffer.alloc(131_071))).toBe(-1)
  expect(cursor.pass(Buffer.from([0, 0x81, 0]))).toBe(1)
  expect(cursor.isBetween).toBe(true)
})
