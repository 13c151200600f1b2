import { own, ownList, ownObject, ownText, table } from '../json.ts'
import { corsOf, rateLimitOf } from './policies.ts'
import { durationOf, MOST_CARRIED } from './route-metadata.ts'
import { toPathPattern } from '../adapters/path-pattern.ts'
import type { BalancerName, HashKey, UpstreamOptions } from '@octopus-gateway/core'
import type { AskedPolicy } from './policies.ts'
import type { JsonObject } from '../json.ts'
import type { Manifest } from './manifest.ts'
import type { RoutePolicies } from '@octopus-gateway/core/plugins'

/** Kinds of hints that an operator can let services decide. */
export const HINT_KINDS = ['timeout', 'retry', 'circuit_breaker', 'load_balancing', 'health_check', 'rate_limit', 'cors'] as const

/** A kind of hint. */
export type HintKind = (typeof HINT_KINDS)[number]

/** What a service's hints mean for this gateway. */
export interface ServiceHints {
  /** Milliseconds: shortens the timeout of its routes. */
  readonly timeout: number | undefined
  /** Settings of its upstream. */
  readonly upstream: Omit<UpstreamOptions, 'endpoints'>
  /** Policies of its routes. */
  readonly policies: RoutePolicies
  /** The hints as written, for plugins and people; empty when they are too long for that. */
  readonly written: JsonObject
  /** Members that are not applied, each with the reason. */
  readonly notApplied: readonly string[]
}

/** Members of hints that this gateway has no policy for, or that change security. */
const CARRIED: readonly string[] = [
  'cache',
  'observability',
  'transformations',
  'graceful_shutdown',
  'expected_latency',
  'scaling',
  'dependencies',
]

/** Reads the manifest's `hints`; those of the trusted kinds become settings. Hints bind nobody: what is odd is left out. */
export function readHints(manifest: Manifest, trusted: ReadonlySet<HintKind>): ServiceHints {
  const written = ownObject(manifest.raw, 'hints') ?? table()
  const notApplied: string[] = CARRIED.filter((name) => !isEmpty(own(written, name))).map((name) => `${name} (no policy of this gateway)`)
  const isCarried = JSON.stringify(written).length <= MOST_CARRIED
  if (!isCarried) notApplied.push(`hints of more than ${MOST_CARRIED} characters (not carried)`)
  const settings = (kind: HintKind, found: Record<string, unknown>, left: readonly string[] = []): Record<string, unknown> => {
    const isSaid = Object.keys(found).length > 0
    if (isSaid && !trusted.has(kind)) notApplied.push(`${kind} (not in farp.trust_hints)`)
    else notApplied.push(...left.map((name) => `${name} (no such setting)`))
    return isSaid && trusted.has(kind) ? found : {}
  }
  const balancing = ownObject(written, 'load_balancing') ?? table()
  const { timeout } = settings('timeout', defined({ timeout: durationOf(written, 'recommended_timeout') })) as { timeout?: number }
  const retry = ownObject(written, 'retry_policy') ?? table()
  const breaker = ownObject(written, 'circuit_breaker') ?? table()
  const upstream = {
    ...settings('retry', retryOf(retry), leftOf(retry, 'retry_policy', ['multiplier', 'retryable_methods'])),
    ...settings(
      'circuit_breaker',
      breakerOf(breaker),
      leftOf(breaker, 'circuit_breaker', ['error_threshold_percent', 'minimum_requests', 'window_size', 'error_status_codes']),
    ),
    ...settings('load_balancing', balancingOf(balancing)),
    ...settings('health_check', checkOf(ownObject(balancing, 'health_check') ?? table(), manifest.endpoints.health)),
  }
  const policies = {
    ...asked('rate_limit', rateLimitOf(own(written, 'rate_limit'), 'service'), { trusted, notApplied }),
    ...asked('cors', corsOf(own(written, 'cors')), { trusted, notApplied }),
  }
  return { timeout, upstream, policies, written: isCarried ? written : table(), notApplied }
}

/** The policies of a kind where it is trusted; what is not followed is noted. */
export function asked(
  kind: HintKind,
  found: AskedPolicy | undefined,
  { trusted, notApplied }: { readonly trusted: ReadonlySet<HintKind>; readonly notApplied: string[] },
): RoutePolicies {
  if (found === undefined) return {}
  if (!trusted.has(kind)) {
    notApplied.push(`${kind} (not in farp.trust_hints)`)
    return {}
  }
  notApplied.push(...found.left.map((name) => (name.includes('(') ? name : `${name} (no such setting)`)))
  return found.policies
}

/** `max_attempts` counts the first one. More than 10 repetitions are nobody's to ask for. */
function retryOf(hint: JsonObject): Record<string, unknown> {
  const attempts = count(hint, 'max_attempts')
  const statuses = statusesOf(hint, 'retryable_status_codes')
  const retry = defined({
    backoff: durationOf(hint, 'initial_delay'),
    maxBackoff: durationOf(hint, 'max_delay'),
    perTryTimeout: durationOf(hint, 'per_attempt_timeout'),
    statuses: statuses.length > 0 ? statuses : undefined,
  })
  return defined({
    retries: attempts === undefined ? undefined : Math.min(attempts - 1, 10),
    retry: Object.keys(retry).length > 0 ? retry : undefined,
  })
}

function breakerOf(hint: JsonObject): Record<string, unknown> {
  if (own(hint, 'enabled') !== true) return {}
  const halfOpen = count(hint, 'half_open_requests')
  const circuitBreaker = defined({
    timeout: durationOf(hint, 'open_duration'),
    halfOpenRequests: halfOpen === undefined ? undefined : Math.min(halfOpen, 1_000),
  })
  return Object.keys(circuitBreaker).length > 0 ? { circuitBreaker } : {}
}

const BALANCERS: ReadonlyMap<string, { readonly loadBalance: BalancerName; readonly hashOn?: HashKey }> = new Map([
  ['round_robin', { loadBalance: 'round-robin' }],
  ['weighted_round_robin', { loadBalance: 'round-robin' }],
  ['least_connections', { loadBalance: 'least-requests' }],
  ['random', { loadBalance: 'random' }],
  ['ip_hash', { loadBalance: 'ring-hash', hashOn: 'ip' }],
  ['consistent_hash', { loadBalance: 'ring-hash', hashOn: 'ip' }],
])

function balancingOf(hint: JsonObject): Record<string, unknown> {
  const sticky = ownObject(hint, 'sticky_session') ?? table()
  const cookie = ownText(sticky, 'cookie_name') ?? ''
  const ttl = durationOf(sticky, 'ttl')
  const isSticky =
    own(sticky, 'enabled') === true && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(cookie) && !/^__(?:secure|host)-/i.test(cookie)
  return {
    ...BALANCERS.get(ownText(hint, 'strategy') ?? ''),
    ...(isSticky ? { sticky: { cookie, ...(ttl !== undefined && ttl >= 1_000 ? { ttl } : {}) } } : {}),
  }
}

/** Asks the manifest's own health path, not more than once a second. */
function checkOf(hint: JsonObject, path: string | undefined): Record<string, unknown> {
  const interval = durationOf(hint, 'interval')
  const check = defined({
    interval: interval === undefined ? undefined : Math.max(1_000, interval),
    timeout: durationOf(hint, 'timeout'),
    healthyThreshold: count(hint, 'healthy_threshold'),
    unhealthyThreshold: count(hint, 'unhealthy_threshold'),
  })
  const isUsable = path !== undefined && /^\/[\x21-\x7a|~]*$/.test(path) && !('problem' in toPathPattern(path))
  return Object.keys(check).length > 0 && isUsable ? { healthCheck: { path, ...check } } : {}
}

function leftOf(hint: JsonObject, name: string, members: readonly string[]): string[] {
  return members.filter((member) => !isEmpty(own(hint, member))).map((member) => `${name}.${member}`)
}

function statusesOf(hint: JsonObject, name: string): number[] {
  return [...new Set(ownList(hint, name))].filter(
    (status): status is number => typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599,
  )
}

/** A whole number above 0, at most a hundred. */
function count(hint: JsonObject, name: string): number | undefined {
  const value = own(hint, name)
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 ? Math.min(value, 100) : undefined
}

function defined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** As a peer written in Go means it: zero values are absent. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.values(value as object).every(isEmpty)
}
