import { identity } from '../auth/provider.ts'
import { networkOf } from '../../exchange/network.ts'
import type { RequestContext } from '../../exchange/context.ts'

/** What requests are counted by. */
export type RateLimitKey = 'ip' | 'identity' | 'route' | 'service' | `header:${string}`

/** The bucket of a request. */
export type KeyOf = (ctx: RequestContext) => string

/** A key longer than this is kept as its digest: clients choose how long their fields are. */
const MAX_LENGTH = 64

/** One function for a list of keys. Two requests share a bucket when every part is the same. */
export function keyOf(keys: readonly RateLimitKey[]): KeyOf {
  const parts = keys.map(partOf)
  const [only] = parts
  if (parts.length === 1) return (ctx) => bounded(only!(ctx))
  // The length in front keeps a part from reaching into the next.
  return (ctx) =>
    bounded(
      parts
        .map((part) => part(ctx))
        .map((text) => `${text.length}:${text}`)
        .join(''),
    )
}

function partOf(key: RateLimitKey): KeyOf {
  if (key === 'ip') return byAddress
  if (key === 'route') return (ctx) => ctx.route.id
  if (key === 'service') return (ctx) => ctx.route.service ?? ctx.route.id
  if (key === 'identity') {
    return (ctx) => {
      const who = ctx.get(identity)
      return who === undefined ? byAddress(ctx) : `@${who.provider.length}:${who.provider}${who.principal}`
    }
  }
  const name = key.slice('header:'.length).toLowerCase()
  return (ctx) => ctx.request.headers.getAll(name) ?? ''
}

function byAddress(ctx: RequestContext): string {
  return networkOf(ctx.client.ip)
}

const SEEDS = crypto.getRandomValues(new Uint32Array(4))

/** Bounds the memory of a key. The seeds are new in every process, so that nobody can make two keys meet. */
function bounded(key: string): string {
  if (key.length <= MAX_LENGTH) return key
  let [a, b, c, d] = SEEDS as unknown as [number, number, number, number]
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i)
    a = mix(a ^ code, 0x9e3779b1) ^ b
    b = mix(b ^ code, 0x85ebca6b) ^ c
    c = mix(c ^ code, 0xc2b2ae35) ^ d
    d = mix(d ^ code, 0x27d4eb2f) ^ a
  }
  return `#${key.length}.${a >>> 0}.${b >>> 0}.${c >>> 0}.${d >>> 0}`
}

function mix(value: number, by: number): number {
  const product = Math.imul(value, by)
  return product ^ (product >>> 15)
}
