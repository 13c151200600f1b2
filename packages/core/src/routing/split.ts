import { clientBehind } from '../exchange/client.ts'
import { cookieOf } from '../exchange/cookies.ts'
import { hashText, mixed, shareOf } from '../hash.ts'
import { networkOf } from '../exchange/network.ts'
import type { Peer, TrustedProxies } from '../exchange/client.ts'
import type { RequestHead } from '../exchange/head.ts'

/** What clients are told apart by. */
export type SplitKey = 'ip' | `header:${string}` | `cookie:${string}`

/** Whether a text is one. */
export function isSplitKey(text: string): text is SplitKey {
  return /^(?:ip|(?:header|cookie):[!#$%&'*+.^_`|~\w-]+)$/.test(text)
}

/** What a request has to have: exact values, one of a list, or `*` for any. Field names in any letter case. */
export interface TargetMatch {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly cookies?: Readonly<Record<string, string | readonly string[]>>
  /** The first parameter of each name, decoded. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>
}

/** What is to be known of a route that is one way of another. */
interface Way {
  readonly upstream: { readonly name: string }
}

/** One way that a route may go: the route as it is with this upstream and its settings. */
export interface Branch<R extends Way> {
  readonly route: R
  readonly weight: number
  readonly match: TargetMatch | null
}

/** The upstreams of a route that has several, and the choice between them. */
export class Split<R extends Way> {
  readonly branches: readonly Branch<R>[]
  readonly on: SplitKey | null
  readonly #weighted: readonly Branch<R>[]
  readonly #total: number
  readonly #hasMatch: boolean

  constructor(branches: readonly Branch<R>[], on: SplitKey | null) {
    this.branches = branches.map((branch) => ({ ...branch, match: branch.match === null ? null : inLowerCase(branch.match) }))
    this.on = on?.startsWith('header:') === true ? (on.toLowerCase() as SplitKey) : on
    this.#weighted = branches.filter(({ weight }) => weight > 0)
    this.#total = this.#weighted.reduce((sum, { weight }) => sum + weight, 0)
    this.#hasMatch = branches.some(({ match }) => match !== null)
  }

  /** The way of a request. */
  choose(request: RequestHead, from: { readonly peer: Peer; readonly trusted: TrustedProxies }): R {
    if (this.#hasMatch) {
      for (const { route, match } of this.branches) if (match !== null && matches(match, request)) return route
    }
    const key = this.on === null ? undefined : keyOf(this.on, request, from)
    return key === undefined ? this.#anew() : this.#kept(key)
  }

  #anew(): R {
    let point = Math.random() * this.#total
    for (const { route, weight } of this.#weighted) {
      point -= weight
      if (point < 0) return route
    }
    return this.#weighted.at(-1)!.route
  }

  /** Weighted rendezvous hashing: a weight that grows draws clients from the others, and nobody else moves. */
  #kept(key: string): R {
    let best = this.#weighted[0]!.route
    let highest = -Infinity
    const digest = hashText(key)
    for (const { route, weight } of this.#weighted) {
      const score = -weight / Math.log(shareOf(mixed(hashText(route.upstream.name), digest)))
      if (score <= highest) continue
      highest = score
      best = route
    }
    return best
  }
}

/** Field names, not those of cookies. */
function inLowerCase({ headers, cookies, query }: TargetMatch): TargetMatch {
  const lower = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    ...(headers === undefined ? {} : { headers: Object.fromEntries(lower) }),
    ...(cookies === undefined ? {} : { cookies }),
    ...(query === undefined ? {} : { query }),
  }
}

function matches({ headers, cookies, query }: TargetMatch, request: RequestHead): boolean {
  for (const name in headers) if (!isSame(headers[name]!, request.headers.getAll(name))) return false
  for (const name in cookies) if (!isSame(cookies[name]!, cookieOf(request.headers, name))) return false
  for (const name in query) if (!isSame(query[name]!, parameterOf(request.target, name))) return false
  return true
}

/** The first value of a query parameter; a `+` is a space, and what cannot be decoded is none. */
function parameterOf(target: string, name: string): string | undefined {
  const start = target.indexOf('?')
  if (start === -1) return undefined
  for (const pair of target.slice(start + 1).split('&')) {
    const equals = pair.indexOf('=')
    if (decoded(equals === -1 ? pair : pair.slice(0, equals)) === name) return decoded(equals === -1 ? '' : pair.slice(equals + 1))
  }
  return undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function isSame(wanted: string | readonly string[], value: string | undefined): boolean {
  if (value === undefined) return false
  return typeof wanted === 'string' ? wanted === '*' || wanted === value : wanted.includes(value)
}

function keyOf(on: SplitKey, { headers }: RequestHead, { peer, trusted }: { peer: Peer; trusted: TrustedProxies }): string | undefined {
  if (on === 'ip') return networkOf((peer.trusted ? clientBehind(peer, headers, trusted) : peer).ip)
  const name = on.slice('header:'.length)
  return on.startsWith('header:') ? headers.getAll(name) : cookieOf(headers, name)
}
