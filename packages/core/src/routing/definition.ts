import type { Duration } from '../time.ts'
import type { PathRule, RouteAuth } from './route.ts'
import type { Plugin } from '../plugin/plugin.ts'
import type { RoutePolicies } from '../plugins/route-policies.ts'
import type { RoutingSettings } from '../upstream/definition.ts'
import type { SplitKey, TargetMatch } from './split.ts'

/** What happens to the path on its way to the upstream, in this order. */
export interface Rewrite {
  /** Removed from the start, on whole segments: `/api` turns `/api/users` into `/users` and leaves `/apiary` alone. */
  readonly stripPrefix?: string
  /** The first rule whose pattern fits what is left; at most 32. */
  readonly rules?: readonly PathRule[]
  /** Put in front of what is left. */
  readonly addPrefix?: string
}

/** One weighted target among several. */
export interface Target {
  readonly upstream: string
  /** Share of the requests relative to the other targets, from 0. Default 1. 0 gets none but what `match` takes. */
  readonly weight?: number
  /** Requests with all of this go here whatever the weights; the first target of the list that matches counts. */
  readonly match?: TargetMatch
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
