import { bytes, duration, parseBytes } from './scalars.ts'
import { expect, test } from 'vitest'
import * as v from 'valibot'
import * as fc from 'fast-check'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const SIZES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

test('property: a duration is its number times its unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.constantFrom('ms', 's', 'm', 'h'), (number, unit) => {
      expect(v.parse(duration(), `${number}${unit}`)).toBe(number * UNITS[unit as keyof typeof UNITS])
    }),
  )
})

test('property: nothing but a number with a unit is a duration', () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.integer(), fc.string({ maxLength: 2 })).map(([number, unit]) => `${number}${unit}`),
  )
  fc.assert(
    fc.property(text, (value) => {
      expect(v.is(duration('0s'), value)).toBe(/^\d+(\.\d+)?(ms|s|m|h)$/.test(value) && fits(value))
    }),
  )
})

function fits(value: string): boolean {
  const ms = Number.parseFloat(value) * UNITS[/[a-z]+$/.exec(value)![0] as keyof typeof UNITS]
  return ms <= 2_147_483_647
}

test('property: a size is its number times its unit, and a plain number is bytes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom('B', 'KiB', 'MiB', 'GiB'), (number, unit) => {
      expect(v.parse(bytes(), `${number}${unit}`)).toBe(number * SIZES[unit as keyof typeof SIZES])
      expect(v.parse(bytes(), number)).toBe(number)
    }),
  )
})

test('property: a size is a whole number of bytes or nothing', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const size = parseBytes(value)
      expect(size === undefined || (Number.isSafeInteger(size) && size >= 0)).toBe(true)
    }),
  )
  expect(parseBytes('1.5KiB')).toBe(1536)
  expect(parseBytes('0.3KiB')).toBeUndefined()
})
