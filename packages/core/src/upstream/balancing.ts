import { toMilliseconds } from '../time.ts'
import type { ConfigIssue } from '../errors.ts'
import type { Duration } from '../time.ts'

/** How endpoints are chosen; `docs/load-balancing.md` helps to choose among them. */
export type BalancerName = 'round-robin' | 'least-requests' | 'ewma' | 'random' | 'ring-hash' | 'maglev' | 'rendezvous'

/** What a hash balancer hashes: the client's address (of IPv6 its /64), the path, or the value of a field or cookie. */
export type HashKey = 'ip' | 'uri' | `header:${string}` | `cookie:${string}`

/** Little traffic at first for an endpoint that is new or works again. */
export interface SlowStart {
  /** From its first request to its full share. */
  readonly window: Duration
  /** How the share grows: 1 (default) evenly, more than 1 faster at first, less than 1 slower at first. */
  readonly aggression?: number
}

/** Keeping a client at one endpoint by a cookie. */
export interface Sticky {
  /** The name of the cookie. Upstreams that share paths need names of their own. */
  readonly cookie: string
  /** How long browsers keep it. Default: until they are closed. */
  readonly ttl?: Duration
  /** Where browsers send it. Default `/`. */
  readonly path?: string
}

/** How the endpoints of an upstream share its requests; an upstream's own setting wins over the gateway's. */
export interface BalancingSettings {
  /** Default `round-robin`, weighted. */
  readonly loadBalance?: BalancerName
  /** Default: the full share at once. */
  readonly slowStart?: SlowStart
  /**
   * Percent of the endpoints, by weight, that must be in order. Below it what is known of their health is ignored and all share, because a
   * few would only be overrun. Default 0: health counts as long as one endpoint is in order.
   */
  readonly panicThreshold?: number
}

/** What only an upstream says. */
export interface OwnBalancingSettings extends BalancingSettings {
  /** Only with `ring-hash`, `maglev` and `rendezvous`. Default `ip`. A request without it goes to any endpoint. */
  readonly hashOn?: HashKey
  /** Default: a client is not kept. */
  readonly sticky?: Sticky
}

/** What only the gateway says. */
export interface GatewayBalancingSettings extends BalancingSettings {
  /** Where the gateway runs: endpoints of the same zone are preferred as long as they are enough. Default: zones do not matter. */
  readonly zone?: string
}

/** The same, complete; times in milliseconds. */
export interface BalancingPolicy {
  readonly loadBalance: BalancerName
  /** What is hashed; `null` for a balancer that hashes nothing. */
  readonly hashOn: HashKey | null
  readonly sticky: { readonly cookie: string; readonly ttl: number | null; readonly path: string } | null
  readonly slowStart: { readonly window: number; readonly aggression: number } | null
  /** Percent. */
  readonly panicThreshold: number
  readonly zone: string | null
}

/** The closest setting of each kind. */
export function balancingPolicy(own: OwnBalancingSettings, gateway: GatewayBalancingSettings): BalancingPolicy {
  const loadBalance = own.loadBalance ?? gateway.loadBalance ?? 'round-robin'
  const slowStart = own.slowStart ?? gateway.slowStart
  const { sticky } = own
  return {
    loadBalance,
    hashOn: isHashBalancer(loadBalance) ? (own.hashOn ?? 'ip') : null,
    sticky:
      sticky === undefined
        ? null
        : { cookie: sticky.cookie, ttl: sticky.ttl === undefined ? null : toMilliseconds(sticky.ttl), path: sticky.path ?? '/' },
    slowStart: slowStart === undefined ? null : { window: toMilliseconds(slowStart.window), aggression: slowStart.aggression ?? 1 },
    panicThreshold: own.panicThreshold ?? gateway.panicThreshold ?? 0,
    zone: gateway.zone ?? null,
  }
}

/** Every name, the default first. */
export const BALANCER_NAMES: readonly BalancerName[] = [
  'round-robin',
  'least-requests',
  'ewma',
  'random',
  'ring-hash',
  'maglev',
  'rendezvous',
]
const HASHES: ReadonlySet<string> = new Set<BalancerName>(['ring-hash', 'maglev', 'rendezvous'])

/** Whether a balancer chooses by a hash of the request. */
export function isHashBalancer(name: BalancerName): boolean {
  return HASHES.has(name)
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Whether a text is `ip`, `uri`, `header:<name>` or `cookie:<name>`. */
export function isHashKey(text: string): text is HashKey {
  if (text === 'ip' || text === 'uri') return true
  const name = /^(?:header|cookie):(.*)$/s.exec(text)?.[1]
  return name !== undefined && TOKEN.test(name)
}

/** Whether a text can be the name of a cookie (RFC 6265, section 4.1.1). */
export function isCookieName(text: string): boolean {
  return TOKEN.test(text)
}

/** Whether a text can be the path of a cookie: nothing in it ends the attribute. */
export function isCookiePath(text: string): boolean {
  return /^\/[\x21-\x3a\x3c-\x7e]*$/.test(text)
}

/** Everything wrong with settings; `path` prefixes every issue. `gateway` holds what the upstream itself does not say. */
export function balancingIssues(
  settings: OwnBalancingSettings & GatewayBalancingSettings,
  path: string,
  gateway: GatewayBalancingSettings = {},
): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const wrong = (key: string, message: string, code = 'invalid_value'): void => void issues.push({ code, path: `${path}.${key}`, message })
  const { hashOn, loadBalance, panicThreshold, slowStart, sticky, zone } = settings
  if (loadBalance !== undefined && !BALANCER_NAMES.includes(loadBalance))
    wrong('loadBalance', `"${String(loadBalance)}" is not one of ${BALANCER_NAMES.join(', ')}.`)
  if (hashOn !== undefined) {
    const chosen = loadBalance ?? gateway.loadBalance ?? 'round-robin'
    if (!isHashKey(hashOn)) wrong('hashOn', `"${String(hashOn)}" is not one of ip, uri, header:<name>, cookie:<name>.`)
    else if (!isHashBalancer(chosen))
      wrong('hashOn', `${chosen} hashes nothing: remove it, or set loadBalance to ring-hash, maglev or rendezvous.`, 'conflicting_keys')
  }
  if (sticky !== undefined) issues.push(...stickyIssues(sticky, `${path}.sticky`))
  if (slowStart !== undefined) issues.push(...slowStartIssues(slowStart, `${path}.slowStart`))
  if (panicThreshold !== undefined && !(panicThreshold >= 0 && panicThreshold <= 100))
    wrong('panicThreshold', 'It is a percentage, from 0 to 100.')
  if (zone === '') wrong('zone', 'It is empty: leave the key out where zones do not matter.')
  return issues
}

function stickyIssues({ cookie, ttl, path: cookiePath }: Sticky, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  if (!isCookieName(cookie)) issues.push(invalid(`${path}.cookie`, `"${cookie}" is not the name of a cookie.`))
  if (ttl !== undefined && !(lengthOf(ttl) >= 1_000)) issues.push(invalid(`${path}.ttl`, 'It is a duration of at least 1s.'))
  if (cookiePath !== undefined && !isCookiePath(cookiePath))
    issues.push(invalid(`${path}.path`, `"${cookiePath}" is not the path of a cookie: it begins with / and has no space and no semicolon.`))
  return issues
}

function slowStartIssues({ window, aggression }: SlowStart, path: string): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  if (!(lengthOf(window) > 0)) issues.push(invalid(`${path}.window`, 'It is a duration of more than 0.'))
  if (aggression !== undefined && !(aggression > 0 && aggression < Infinity))
    issues.push(invalid(`${path}.aggression`, 'It is a number above 0.'))
  return issues
}

function lengthOf(duration: Duration): number {
  try {
    return toMilliseconds(duration)
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown
    return Number.NaN
  }
}

function invalid(path: string, message: string): ConfigIssue {
  return { code: 'invalid_value', path, message }
}
