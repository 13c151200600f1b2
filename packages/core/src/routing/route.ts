import type { OwnFields } from '../exchange/own-fields.ts'
import type { Protocol, RequestHead } from '../exchange/head.ts'
import type { RetryPolicy } from '../exchange/retry-settings.ts'
import type { Split } from './split.ts'
import type { Upstream } from '../upstream/upstream.ts'

/**
 * What a path that fits a pattern becomes. Patterns are those of RE2 (Go), at most 512 characters, and match in linear time; they see the path as it was
 * sent. Replacements know `$1`, `${1}`, `${name}` and `$$`. A result that does not begin with `/`, or has a dot segment, an empty segment, a query or an
 * encoded separator, refuses the request with 400.
 */
export interface PathRule {
  readonly pattern: string
  readonly replacement: string
}

/** Rights that a caller must have. Everything named must hold. */
export interface Rights {
  /** All of these scopes. */
  readonly scopes?: readonly string[]
  /** At least one of these roles. */
  readonly roles?: readonly string[]
  /** All of these permissions: names in the claim `permissions` of the credential, a list or a text with spaces. */
  readonly permissions?: readonly string[]
}

/** What a route demands of its callers. Everything named must hold. */
export interface RouteAuth extends Rights {
  /** Only identities of these auth providers count. Default: every provider of the route's `auth` plugin. */
  readonly providers?: readonly string[]
  /** Each of these, too: for several groups of roles at once. */
  readonly every?: readonly Rights[]
}

/** A mirror, complete; times in milliseconds. */
export interface Mirror {
  readonly upstream: Upstream
  readonly percent: number
  readonly maxBody: number
  readonly headers: Readonly<Record<string, string>>
  /** From the sending of a copy to the last byte of its answer. */
  readonly timeout: number
  readonly connectTimeout: number
}

/** Which lane a route takes on Node: heads only, or Web objects. */
export type Lane = 'head' | 'web'

/** A route made ready once, when a snapshot is built: what plugins see of it. */
export interface Route {
  readonly id: string
  /** As written: the label of metrics and logs. */
  readonly path: string
  readonly host: string | null
  /** Upper-case; `null` for any. */
  readonly methods: readonly string[] | null
  readonly priority: number
  /** `config`, or the name of the source. */
  readonly source: string
  /** The service it came from, or `null`. */
  readonly service: string | null
  readonly upstream: Upstream
  /** Where the route has several upstreams: chooses the one of a request. `upstream` is the first of them. */
  readonly split: Split<Route> | null
  /** Who gets copies of its requests; `null` for nobody. */
  readonly mirror: Mirror | null
  readonly subset: Readonly<Record<string, readonly string[]>> | null
  readonly lane: Lane
  /** The name of the plugin or target that forced the web lane. */
  readonly laneReason: string | null
  /** Milliseconds. */
  readonly timeout: number
  readonly connectTimeout: number
  readonly idleTimeout: number
  /** The same for upgrades, gRPC and event streams, which may be silent for long: `Infinity` unless it was set. */
  readonly streamIdleTimeout: number
  readonly retry: RetryPolicy
  /** Whether requests may be sent twice; `null`: by their method. */
  readonly idempotent: boolean | null
  readonly auth: false | 'nobody' | RouteAuth | null
  /** Whether its requests are counted as those of something that is to go. */
  readonly deprecated: boolean
  /** Request fields that this route, its mirror and its plugins keep to themselves, beside those that are taken from every request; `null` for none. */
  readonly ownFields: OwnFields | null
  /** Whether no plugin stands in the way of this protocol. */
  readonly carries: Readonly<Record<Protocol, boolean>>
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  /** The index of this route's series in the metrics. */
  readonly metric: number
  /** The rules that `rewrite` applies; `null` for none. */
  readonly rules: readonly PathRule[] | null
  /** Changes the target of an outgoing head. Throws `BAD_TARGET` when a rule made an unacceptable one. */
  rewrite(head: RequestHead): void
}
