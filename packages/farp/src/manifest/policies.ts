import { clean } from '../text.ts'
import { isObject, own, ownList, ownText } from '../json.ts'
import { policyIssues } from '@octopus-gateway/core/plugins'
import type { JsonObject } from '../json.ts'
import type { RateLimitKey, RoutePolicies } from '@octopus-gateway/core/plugins'

/** A policy that a service asks for, and what of its words is not followed. */
export interface AskedPolicy {
  /** Empty when it cannot be followed at all. */
  readonly policies: RoutePolicies
  /** Members, or the reason why nothing is applied. */
  readonly left: readonly string[]
}

/** A limit for all of a service's routes together, or for each route. */
export type LimitScope = 'service' | 'route'

/** A caller known by a key is an identity like any other. */
const KEYS: ReadonlyMap<string, RateLimitKey> = new Map([
  ['', 'ip'],
  ['ip', 'ip'],
  ['user', 'identity'],
  ['api_key', 'identity'],
])

/** Reads `rate_limit`: an object of the protocol, or requests per second. `undefined` where nothing is said. */
export function rateLimitOf(value: unknown, scope: LimitScope): AskedPolicy | undefined {
  const hint = typeof value === 'number' ? { requests_per_second: value } : value
  if (!isObject(hint) || Object.keys(hint).length === 0) return undefined
  const [rate, burst] = [amount(hint, 'requests_per_second'), amount(hint, 'burst_size')]
  if (rate === undefined) return { policies: {}, left: ['rate_limit (no requests_per_second)'] }
  const by = ownText(hint, 'key') ?? ''
  const own = by === 'global' ? [] : [KEYS.get(by) ?? 'ip']
  const key: RateLimitKey[] = scope === 'route' ? [...own, 'route'] : own.length === 0 ? ['service'] : own
  const left = [
    ...(by === 'global' || KEYS.has(by) ? [] : [`rate_limit.key ${clean(by, 40)}`]),
    ...(['', 'token_bucket'].includes(ownText(hint, 'strategy') ?? '') ? [] : ['rate_limit.strategy']),
    ...([0, 429, undefined].includes(hint['status_code'] as number) ? [] : ['rate_limit.status_code']),
    ...(isObject(hint['response_headers']) && Object.keys(hint['response_headers']).length > 0 ? ['rate_limit.response_headers'] : []),
  ]
  // A bucket that never holds a whole request would let nobody in.
  return { policies: { rateLimit: { rate, key, burst: Math.max(1, burst ?? rate) } }, left }
}

/** Reads `cors`. What the policy of this gateway refuses, `*` with credentials above all, is not applied. */
export function corsOf(value: unknown): AskedPolicy | undefined {
  if (!isObject(value) || Object.keys(value).length === 0) return undefined
  const texts = (name: string): string[] => ownList(value, name).filter((item) => typeof item === 'string')
  const [methods, headers] = [texts('allowed_methods'), texts('allowed_headers')]
  const seconds = amount(value, 'max_age')
  const policies = {
    cors: {
      allowedOrigins: texts('allowed_origins'),
      exposedHeaders: texts('exposed_headers'),
      allowCredentials: own(value, 'allow_credentials') === true,
      ...(methods.length === 0 ? {} : { allowedMethods: methods }),
      ...(headers.length === 0 ? {} : { allowedHeaders: headers }),
      ...(seconds === undefined ? {} : { maxAge: Math.min(seconds, 86_400) * 1_000 }),
    },
  }
  const [issue] = policyIssues(policies, 'hints')
  return issue === undefined ? { policies, left: [] } : { policies: {}, left: [`cors (${clean(issue.message, 200)})`] }
}

/** A number above 0, and not beyond what anybody means. */
function amount(hint: JsonObject, name: string): number | undefined {
  const value = own(hint, name)
  return typeof value === 'number' && value > 0 && value <= 1e9 ? value : undefined
}
