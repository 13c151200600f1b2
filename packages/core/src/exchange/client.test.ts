import fc from 'fast-check'
import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { clientBehind, parseAddress, TrustedProxies } from './client.ts'
import { HeaderList } from '../headers.ts'

const trusted = new TrustedProxies(['10.0.0.0/8', 'fd00::/8', '192.0.2.1'])
const proxy = trusted.peer('10.1.1.1', false)
const behind = (...fields: string[]): string => clientBehind(proxy, new HeaderList(fields), trusted).ip

describe('TrustedProxies', () => {
  it('property: parses exactly what is an address', () => {
    const almost = fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.'), maxLength: 24 })
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), almost), (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0)
      }),
      { numRuns: 5_000 },
    )
  })

  it('property: an IPv4 range holds exactly the addresses that share its first bits', () => {
    const number = fc.nat({ max: 0xffff_ffff })
    const text = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
    fc.assert(
      fc.property(number, number, fc.nat({ max: 32 }), (base, other, bits) => {
        const near = bits === 0 ? other : ((base & (-1 << (32 - bits))) | (other & ~(-1 << (32 - bits)))) >>> 0
        for (const candidate of [other, bits === 32 ? base : near]) {
          const isSame = bits === 0 || base >>> (32 - bits) === candidate >>> (32 - bits)
          expect(new TrustedProxies([`${text(base)}/${bits}`]).has(text(candidate))).toBe(isSame)
        }
      }),
    )
  })

  it('property: an IPv6 range holds exactly the addresses that share its first bits', () => {
    const groups = fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })
    const bitsOf = (list: number[]): string => list.map((group) => group.toString(2).padStart(16, '0')).join('')
    const text = (list: number[]): string => list.map((group) => group.toString(16)).join(':')
    fc.assert(
      fc.property(groups, groups, fc.nat({ max: 128 }), fc.nat({ max: 8 }), (base, other, bits, shared) => {
        const candidate = [...base.slice(0, shared), ...other.slice(shared)]
        const isSame = bitsOf(base).slice(0, bits) === bitsOf(candidate).slice(0, bits)
        expect(new TrustedProxies([`${text(base)}/${bits}`]).has(text(candidate))).toBe(isSame)
      }),
    )
  })

  it.each(['', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', 'a', '01.0.0.0', '1.2.3.4::'])(
    'refuses %j',
    (cidr) => {
      expect(() => new TrustedProxies([cidr])).toThrow(TypeError)
    },
  )

  it('knows an IPv4 address that came as IPv6', () => {
    expect(trusted.peer('::ffff:10.1.1.1', true)).toEqual({ ip: '10.1.1.1', secure: true, trusted: true })
    expect(trusted.peer('fd12::1', false).trusted).toBe(true)
    expect(trusted.peer('', false).trusted).toBe(false)
  })
})

describe('clientBehind', () => {
  it('[R7] takes the last address that is not a trusted proxy, never what stands left of it', () => {
    expect(behind('x-forwarded-for', '1.1.1.1, 203.0.113.9, 10.2.2.2')).toBe('203.0.113.9')
    expect(behind('x-forwarded-for', '203.0.113.9:4711')).toBe('203.0.113.9')
    expect(behind('x-forwarded-for', '1.1.1.1', 'X-Forwarded-For', '203.0.113.9')).toBe('203.0.113.9')
    expect(behind('forwarded', 'for=1.1.1.1, for="[2001:db8::1]:80";proto=https')).toBe('2001:db8::1')
  })

  it('[R7] ends where the chain cannot be read', () => {
    expect(behind('x-forwarded-for', '203.0.113.9, unknown')).toBe('10.1.1.1')
    expect(behind('x-forwarded-for', '203.0.113.9, unknown, 10.2.2.2')).toBe('10.2.2.2')
    expect(behind('x-forwarded-for', '')).toBe('10.1.1.1')
    expect(behind()).toBe('10.1.1.1')
  })

  it('[R26] takes the scheme from the proxy', () => {
    const secure = (...fields: string[]): boolean => clientBehind(proxy, new HeaderList(fields), trusted).secure
    expect(secure('x-forwarded-proto', 'HTTPS')).toBe(true)
    expect(secure('x-forwarded-proto', 'http')).toBe(false)
    expect(secure()).toBe(false)
  })
})
