import type { CompiledPhases } from '../plugin/phases.ts'
import type { MiddlewareHandler } from 'hono'
import type { Duration } from '../time.ts'
import type { Hooks, Plugin } from '../plugin/plugin.ts'
import type { OwnFields } from '../exchange/own-fields.ts'
import type { Protocol, RequestHead } from '../exchange/head.ts'
import type { RetryPolicy } from '../exchange/retry-settings.ts'
import type { Split, SplitKey } from './split.ts'
import type { RoutePolicies } from '../plugins/route-policies.ts'
import type { RoutingSettings } from '../upstream/definition.ts'
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

/** What happens to the path on its way to the upstream, in this order. */
export interface Rewrite {
  /** Removed from the start, on whole segments: `/api` turns `/api/users` into `/users` and leaves `/apiary` alone. */
  readonly stripPrefix?: string
  /** The first rule whose pattern fits what is left; at most 32. */
  readonly rules?: readonly PathRule[]
  /** Put in front of what is left. */
  readonly addPrefix?: string
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

/** One weighted target among several. */
export interface Target {
  readonly upstream: string
  /** Share of the requests relative to the other targets, from 0. Default 1. 0 gets none but what `match` takes. */
  readonly weight?: number
  /** Requests with all of this go here whatever the weights; the first target of the list that matches counts. */
  readonly match?: TargetMatch
}

/** What a request has to have: exact values, one of a list, or `*` for any. Field names in any letter case. */
export interface TargetMatch {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly cookies?: Readonly<Record<string, string | readonly string[]>>
  /** The first parameter of each name, decoded. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>
}

/** Another upstream that gets copies of requests; what it answers is thrown away. */
export interface MirrorDefinition {
  readonly upstream: string
  /** The share of the requests that are copied, from 0 to 100. Default 100. */
  readonly percent?: number
  /** Bytes of the longest body that is copied; a request with a longer one is not. Default 64 KiB. */
  readonly maxBody?: number
  /** Fields that mark copies for their receiver, beside `x-octopus-mirrored`; they are taken from requests of clients. */
  readonly headers?: Readonly<Record<string, string>>
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

/**
 * A route as an author or a source writes it: plain data.
 *
 * `path` is matched per segment: `/users`, `/users/:id` or `/users/{id}`, `/files/{name}.json`, and `*` as the last segment for the rest,
 * zero segments included. `:` and `*` mean something only at the start of a segment.
 */
export interface RouteDefinition extends RoutingSettings {
  readonly path: string
  /** The name of an upstream, or several with weights. */
  readonly upstream: string | readonly Target[]
  /**
   * With several upstreams: clients that are the same in this stay at one of them, in every process and over every reload; a changed weight moves
   * only as many as it must. Default: each request is decided anew. Who lacks the field or cookie is decided anew, too.
   */
  readonly splitOn?: SplitKey
  /**
   * Another upstream that gets a copy of plain HTTP requests, with the field `x-octopus-mirrored: 1`. Clients are neither delayed nor told.
   * Neither upstream may be a function. Default none.
   */
  readonly mirror?: MirrorDefinition
  /** Unique among all routes. Default: made from source, methods, host and path. */
  readonly id?: string
  /** `api.example.com`, `*.example.com` (any deeper name) or `api.*` (first label). Default: any host. */
  readonly host?: string
  /** Default: every method. A route with GET answers HEAD. */
  readonly methods?: readonly string[]
  /** 0 to 100, higher wins, only between routes with the same host, method and pattern. Default 50. */
  readonly priority?: number
  readonly rewrite?: Rewrite
  /** What a service thinks its `timeout` should be: it shortens the one that holds otherwise, and never lengthens it. */
  readonly timeoutHint?: Duration
  /**
   * Whether plain HTTP requests may be sent twice, whatever their method: `true` lets POST and PATCH be repeated as well, `false` nothing of which a byte may
   * have arrived. Default: by the method (RFC 9110, section 9.2.2).
   */
  readonly idempotent?: boolean
  /** Only endpoints with these labels serve this route; a list means any of its values. */
  readonly subset?: Readonly<Record<string, string | readonly string[]>>
  /**
   * Fields of every answer of this route, those that the gateway makes itself included. A field that the answer has already stays as it is; `link`, which is
   * a list, is added. Set before plugins see the answer.
   */
  readonly responseFields?: Readonly<Record<string, string>>
  /** Whether it is to go: its requests are counted (`octopus_deprecated_requests_total`). Default false. */
  readonly deprecated?: boolean
  /** Request fields of which clients have no say: they are taken from their requests. Those of a `mirror` are among them. */
  readonly ownFields?: readonly string[]
  /**
   * `false` admits anonymous callers where an `auth` plugin would not; an object demands. A demand that no plugin enforces is a configuration error.
   * `'nobody'` admits no one: the route answers 503 `AUTH_UNAVAILABLE`, for sources whose services demand what this gateway cannot check.
   */
  readonly auth?: false | 'nobody' | RouteAuth
  /** After the gateway's own plugins, in this order. */
  readonly plugins?: readonly Plugin[]
  /**
   * Built-in policies as plain data, for routes of sources, whose `plugins` would not reach other processes: after the gateway's own. `cors` counts only where
   * the gateway has none. Not for hand-written routes.
   */
  readonly policies?: RoutePolicies
  /** Labels for people and filters. */
  readonly tags?: readonly string[]
  /** Anything a plugin or a document wants to know: `operationId`, `summary`, schema hash. */
  readonly meta?: Readonly<Record<string, unknown>>
}

/** Which lane a route takes on Node: heads only, or Web objects. */
export type Lane = 'head' | 'web'

/** A route made ready once, when a snapshot is built. Lists that are empty are `null`: the hot path tests one pointer. */
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
  readonly split: Split | null
  /** Who gets copies of its requests; `null` for nobody. */
  readonly mirror: Mirror | null
  readonly subset: Readonly<Record<string, readonly string[]>> | null
  readonly phases: CompiledPhases
  /** The hooks behind `phases` and `middleware`, in the order of the list. */
  readonly hooks: readonly Hooks[]
  readonly middleware: readonly MiddlewareHandler[] | null
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

/** A route found for a request. */
export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}
