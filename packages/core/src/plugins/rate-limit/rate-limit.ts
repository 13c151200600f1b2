import { Buckets } from './gcra.ts'
import { definePlugin } from '../../plugin/define.ts'
import { defineSlot } from '../../exchange/slots.ts'
import { accepting, duration, positive } from '../schema.ts'
import { keyOf } from './keys.ts'
import { Refusal } from '../refusal.ts'
import * as v from 'valibot'
import type { Duration } from '../../time.ts'
import type { HeaderList } from '../../headers.ts'
import type { Hooks, PluginFactory } from '../../plugin/plugin.ts'
import type { RateLimitKey } from './keys.ts'
import type { StandardSchemaV1 } from '../../plugin/standard-schema.ts'
import type { Verdict } from './gcra.ts'

/** Options of `rateLimit`. */
export interface RateLimitOptions {
  /** Units that come back in each `per`. Default 100. */
  readonly rate?: number | undefined
  /** Default `1s`. */
  readonly per?: Duration | undefined
  /** Units that may be used at once after a pause. Default: `rate`. */
  readonly burst?: number | undefined
  /**
   * What requests are counted by; a list counts by all of it together. `ip` is the client's address, of IPv6 its /64 network; `identity` the caller
   * that an `auth` plugin before this one has found, or the address of an anonymous one; `service` all of a source's service together, a route without one
   * by itself; `header:<name>` a field that the client may choose freely.
   * Default `ip`.
   */
  readonly key?: RateLimitKey | readonly RateLimitKey[] | undefined
  /** Units that one request uses. Default 1. */
  readonly cost?: number | undefined
  /** Send `X-RateLimit-Limit`, `-Remaining` and `-Reset` (in seconds) too. Default true. */
  readonly legacyHeaders?: boolean | undefined
}

interface Settings {
  readonly rate: number
  /** Milliseconds. */
  readonly per: number
  readonly burst: number
  readonly key: readonly RateLimitKey[]
  readonly cost: number
  readonly legacyHeaders: boolean
}

const key = v.custom<RateLimitKey>(
  (value) => typeof value === 'string' && (/^(?:ip|identity|route|service)$/.test(value) || /^header:[!#$%&'*+.^_`|~\w-]+$/.test(value)),
  'Not a key: write ip, identity, route, service or header:<name>.',
)

const options = v.pipe(
  v.strictObject({
    rate: v.optional(positive, 100),
    per: v.optional(v.pipe(duration, v.minValue(1, 'Must be more than 0.')), '1s'),
    burst: v.optional(positive),
    key: v.optional(v.union([key, v.pipe(v.array(key), v.minLength(1, 'The list is empty: name a key.'))]), 'ip'),
    cost: v.optional(positive, 1),
    legacyHeaders: v.optional(v.boolean(), true),
  }),
  v.forward(
    v.check(({ rate, burst = rate, cost }) => cost <= burst, 'A request costs more than ever fits into a bucket (burst): none would pass.'),
    ['cost'],
  ),
  v.transform(({ burst, key: keys, ...rest }): Settings => ({
    ...rest,
    burst: burst ?? rest.rate,
    key: typeof keys === 'string' ? [keys] : keys,
  })),
)

/**
 * Refuses requests beyond a rate with 429, by token buckets in memory: of one process, for at most 100,000 keys. Upgrades and calls count like
 * any request; preflights do not. Every answer to a counted request carries `RateLimit` and `RateLimit-Policy`
 * (draft-ietf-httpapi-ratelimit-headers), a refusal `Retry-After`. Plugins with equal options share their buckets: to count apart, name `route` in `key`.
 */
export const rateLimit: PluginFactory<StandardSchemaV1<RateLimitOptions | undefined, Settings>> = definePlugin({
  name: 'rate-limit',
  version: '1.0.0',
  config: accepting<RateLimitOptions, Settings>(v.optional(options, {})),
  setup: limiter,
})

/** Units that are left by the nearest of several limits: the legacy fields have room for one. */
const nearest = defineSlot<number>('rate-limit.nearest')

function limiter(settings: Settings): Hooks {
  const { rate, per, burst, cost, legacyHeaders } = settings
  const buckets = new Buckets({ rate, perMs: per, burst })
  const bucketOf = keyOf(settings.key)
  const slot = defineSlot<Verdict>('rate-limit.verdict')
  const name = JSON.stringify(settings.key.join('+').replaceAll(/[^\w:+.-]/g, '_'))
  const quota = Math.floor(burst)
  const policy = `${name};q=${quota};w=${Math.max(1, Math.ceil((burst * per) / rate / 1000))}`
  return {
    onRequest(ctx) {
      const verdict = buckets.take(bucketOf(ctx), cost, performance.now())
      ctx.set(slot, verdict)
      if (!verdict.isAllowed) throw new Refusal('RATE_LIMITED', [['retry-after', seconds(verdict.retryMs)]])
    },
    onResponse(ctx, { headers }) {
      const verdict = ctx.get(slot)
      if (verdict === undefined) return
      const { remaining, resetMs } = verdict
      headers.append('ratelimit-policy', policy)
      headers.append('ratelimit', `${name};r=${remaining};t=${Math.ceil(resetMs / 1000)}`)
      if (legacyHeaders && remaining < (ctx.get(nearest) ?? Infinity)) {
        ctx.set(nearest, remaining)
        setLegacy(headers, quota, verdict)
      }
    },
  }
}

function setLegacy(headers: HeaderList, limit: number, { remaining, resetMs }: Verdict): void {
  headers.set('x-ratelimit-limit', String(limit))
  headers.set('x-ratelimit-remaining', String(remaining))
  headers.set('x-ratelimit-reset', String(Math.ceil(resetMs / 1000)))
}

/** Never 0: a client would come back at once, and in vain. */
function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)))
}
