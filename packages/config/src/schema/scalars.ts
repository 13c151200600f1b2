import { leaf, Refusal, type Leaf, type LeafKind } from './leaf.ts'
import { nearest } from '../report/suggest.ts'
import { parseDuration } from '@octopus-gateway/core'

/** `true` or `false`. */
export function flag(): Leaf<boolean> {
  return leaf({
    name: 'true or false',
    json: { type: 'boolean' },
    parse(value, shown) {
      if (typeof value === 'boolean') return value
      const meant = typeof value === 'string' ? FLAG_WORDS[value.toLowerCase()] : undefined
      return new Refusal(`must be true or false, not ${shown}${meant === undefined ? '' : `; write ${meant} without quotes`}`)
    },
  })
}

const FLAG_WORDS: Readonly<Record<string, boolean>> = { true: true, yes: true, on: true, false: false, no: false, off: false }

/** A whole number in a range, both ends included. */
export function whole(range: { readonly min: number; readonly max: number; readonly name?: string }): Leaf<number> {
  const { min, max, name = 'whole number' } = range
  return leaf({
    name,
    json: { type: 'integer', minimum: min, maximum: max },
    parse(value, shown) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
      const quoted = typeof value === 'string' && /^\d+$/.test(value)
      return new Refusal(`must be a ${name} from ${min} to ${max}, not ${shown}${quoted ? '; write it without quotes' : ''}`)
    },
  })
}

/** A share, written in percent from `0%` to `100%`; as a fraction. */
export function share(): Leaf<number> {
  return leaf({
    name: 'percentage',
    json: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?%$' },
    parse(value, shown) {
      const percent = typeof value === 'string' && /^\d+(?:\.\d+)?%$/.test(value) ? Number(value.slice(0, -1)) : Number.NaN
      if (percent <= 100) return percent / 100
      const hint = typeof value === 'number' ? `; write ${value > 0 && value <= 1 ? value * 100 : value}%` : ''
      return new Refusal(`must be a percentage from 0% to 100%, not ${shown}${hint}`)
    },
  })
}

/** A number of percent, from 0 to 100. */
export function percent(): Leaf<number> {
  return leaf({
    name: 'number from 0 to 100',
    json: { type: 'number', minimum: 0, maximum: 100 },
    parse: (value, shown) =>
      typeof value === 'number' && value >= 0 && value <= 100
        ? value
        : new Refusal(
            `must be a number from 0 to 100, not ${shown}${typeof value === 'string' && value.endsWith('%') ? '; write it without %' : ''}`,
          ),
  })
}

/** A TCP port. `0`, where allowed, means any free one. */
export function port(min: 0 | 1): Leaf<number> {
  return whole({ min, max: 65_535, name: 'port number' })
}

/** A number from 0. */
export function weight(): Leaf<number> {
  return leaf({
    name: 'number',
    json: { type: 'number', minimum: 0 },
    parse: (value, shown) =>
      typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : new Refusal(`must be a number from 0 up, not ${shown}`),
  })
}

// Longer timers fire at once: JavaScript keeps a delay in 31 bits.
const LONGEST = 2_147_483_647

/** A length of time, as milliseconds. */
export function duration(least: '0s' | '1ms' | '10ms' | '100ms' | '1s' = '1ms'): Leaf<number> {
  return leaf({
    name: 'duration',
    json: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$' },
    parse(value, shown) {
      if (typeof value === 'number') return new Refusal(`must be a duration with a unit, not ${shown}; write ${value}s or ${value}ms`)
      const ms = typeof value === 'string' ? parseDuration(value) : undefined
      if (ms === undefined) return new Refusal(`must be a duration such as 250ms, 5s, 5m or 1h, not ${shown}`)
      if (ms > LONGEST) return new Refusal(`must be at most 596h, not ${shown}`)
      if (ms < parseDuration(least)!) return new Refusal(`must be at least ${least}, not ${shown}`)
      return ms
    },
  })
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Bytes of `10MiB`, `64KiB`, `1.5GiB`, `512B` or `512`; `undefined` when it is not a size or not a whole number of bytes. */
export function parseBytes(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|)$/.exec(value) : null
  if (match === null) return undefined
  const bytes = Number(match[1]) * BYTE_UNITS[match[2]!]!
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A number of bytes, from 1. */
export function bytes(): Leaf<number> {
  return leaf({
    name: 'bytes',
    json: { type: ['integer', 'string'], minimum: 1, pattern: '^[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB)?$' },
    parse(value, shown) {
      const size = parseBytes(value)
      if (size !== undefined && size > 0) return size
      const decimal = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([kmg])i?b?$/i.exec(value) : null
      const hint = decimal === null ? '' : `; did you mean ${decimal[1]}${decimal[2]!.toUpperCase()}iB?`
      return new Refusal(`must be a size from 1 byte up, such as 10MiB, 64KiB or 4096, not ${shown}${hint}`)
    },
  })
}

/** The same kind, or the word `none` for no limit. */
export function orNone<T>(inner: Leaf<T>): Leaf<T | undefined> {
  const kind = inner.leaf
  const or: LeafKind<T | undefined> = {
    name: `${kind.name}, or none`,
    json: { anyOf: [{ const: 'none' }, kind.json] },
    parse(value, shown) {
      if (value === 'none') return undefined
      const parsed = kind.parse(value, shown)
      return parsed instanceof Refusal ? new Refusal(`${parsed.message} (none means no limit)`, parsed.code) : parsed
    },
  }
  return leaf(or)
}

/** The same kind, or the word `auto` for what fits the machine. */
export function orAuto<T>(inner: Leaf<T>): Leaf<T | 'auto'> {
  const kind = inner.leaf
  return leaf<T | 'auto'>({
    name: `${kind.name}, or auto`,
    json: { anyOf: [{ const: 'auto' }, kind.json] },
    parse(value, shown) {
      if (value === 'auto') return 'auto'
      const parsed = kind.parse(value, shown)
      return parsed instanceof Refusal ? new Refusal(`${parsed.message} (auto fits it to the machine)`, parsed.code) : parsed
    },
  })
}

/** One word of a few. `a_b` and `a-b` are the same word. Words in `later` are known and refused by name. */
export function choice<const T extends string>(words: readonly T[], later: readonly string[] = []): Leaf<T> {
  return leaf({
    name: words.map((word) => `\`${word}\``).join(', '),
    json: { enum: [...new Set(words.flatMap((word) => [word, word.replaceAll('-', '_')]))] },
    parse(value, shown) {
      const list = words.join(', ')
      if (typeof value !== 'string') return new Refusal(`must be one of ${list}, not ${shown}`)
      const same = (word: string): boolean => word.replaceAll('_', '-') === value.replaceAll('_', '-')
      const found = words.find(same)
      if (found !== undefined) return found
      if (later.some(same))
        return new Refusal(`${shown} is not available yet; use ${words.length === 1 ? list : `one of ${list}`}`, 'not_available')
      const near = nearest(value, [...words, ...later])
      return new Refusal(`must be one of ${list}, not ${shown}${near === undefined ? '' : `; did you mean ${near}?`}`)
    },
  })
}

/** A key that is known and does not work yet: refused wherever it stands. */
export function unavailable(): Leaf<undefined> {
  return leaf<undefined>({
    name: 'not available yet',
    json: { not: {} },
    parse: () => new Refusal('is not available yet; remove it', 'not_available'),
  })
}
