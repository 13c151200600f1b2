import type { MountRewrite } from '../routing/mount-rewrites.ts'
import type { RouteDefinition } from '../routing/definition.ts'
import type { UpstreamOptions } from '../upstream/definition.ts'

/** The languages schemas come in. */
export type DocumentKind = 'openapi' | 'asyncapi' | 'graphql' | 'grpc' | 'orpc' | 'thrift' | 'avro' | 'custom'

/** Something an operator should know about a service: a refusal, a fallback, a conflict. */
export interface Finding {
  /** Stable, upper-case: `FOREIGN_HOST`, `CHECKSUM_MISMATCH`. */
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
  /** The instance it is about, when it is about one. */
  readonly instance?: string
  /** The place in the document that it is about: a JSON pointer (RFC 6901). */
  readonly pointer?: string
}

/** What a source knows about one instance of a service. */
export interface InstanceReport {
  readonly id: string
  readonly origin: string
  /** Serving, or why not: `starting`, `draining`, `unhealthy`… */
  readonly status: string
  readonly version?: string
  readonly zone?: string
  readonly weight: number
  /** How its manifest was had: `ok`, `stale` (the last good one is used), `fallback` (metadata only), `failed`, `none`. */
  readonly manifest: 'ok' | 'stale' | 'fallback' | 'failed' | 'none'
  readonly manifestUrl?: string
  readonly checksum?: string
}

/** A service's routes: plain, structured-cloneable data. */
export interface RouteSet {
  readonly service: string
  /** The service's own version, for conflicts: higher semver wins. */
  readonly serviceVersion?: string
  /** Changes when routes, rewrites, documents or upstream settings change; endpoints and findings are compared apart, and cost no build. */
  readonly version: string
  readonly routes: readonly RouteDefinition[]
  readonly upstreams: Readonly<Record<string, UpstreamOptions>>
  /** What paths below the service's mounts mean, before they are matched with `routes`. */
  readonly rewrites?: readonly MountRewrite[]
  /** Read lazily through the source. */
  readonly documents?: readonly { readonly kind: DocumentKind; readonly hash: string }[]
  readonly findings?: readonly Finding[]
  /** Of the service as a whole: all of its instances are well, at least half of them, or fewer. */
  readonly health?: 'healthy' | 'degraded' | 'unhealthy'
  readonly instances?: readonly InstanceReport[]
}
