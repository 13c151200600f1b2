import { expect, it } from 'vitest'
import { formatGrpcTimeout, parseGrpcTimeout } from './grpc-timeout.ts'

it.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['30S', 30_000],
  ['1500m', 1_500],
  ['2500u', 2.5],
  ['5000000n', 5],
  ['0n', 0],
  ['0S', 0],
  ['00000001S', 1_000],
  ['99999999H', Infinity],
  ['24M', 1_440_000],
  [undefined, Infinity],
])('%s is %s ms', (field, milliseconds) => {
  expect(parseGrpcTimeout(field)).toBeCloseTo(milliseconds, 6)
})

it.each(['', '5', '1x', '1s', '1h', '123456789S', '-1S', '+1S', '1.5S', ' 1S', '1S ', '1S, 2S', '1 S', 'S', '1SS', '0x1S'])(
  '"%s" is malformed',
  (field) => {
    expect(parseGrpcTimeout(field)).toBeNull()
  },
)

it.each([
  [0.0001, '1u'],
  [0, '1u'],
  [2.5, '2500u'],
  [1_500, '1500000u'],
  [99_999.999, '99999999u'],
  [100_000, '100000m'],
  [99_999_999, '99999999m'],
  [100_000_000, '100000S'],
  [24 * 24 * 3_600_000, '2073600S'],
  [99_999_999_000, '99999999S'],
  [100_000_000_000, '1666666M'],
])('%s ms are sent as %s', (milliseconds, field) => {
  expect(formatGrpcTimeout(milliseconds)).toBe(field)
})

it('what is sent is never more than what is left', () => {
  for (let ms = 1; ms < 1e12; ms = ms * 1.37 + 0.3) {
    const sent = parseGrpcTimeout(formatGrpcTimeout(ms))!
    if (sent !== Infinity) expect(sent).toBeLessThanOrEqual(ms + 1e-6)
    expect(formatGrpcTimeout(ms)).toMatch(/^[1-9]\d{0,7}[HMSmu]$/)
  }
})
