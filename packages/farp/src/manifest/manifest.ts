import type { AuthDeclaration } from './auth.ts'
import type { JsonObject } from '../json.ts'
import type { PathRule } from '@octopus-gateway/core'
import type { SchemaType } from '../adapters/adapter.ts'

/** Where a service's routes are mounted. */
export type MountStrategy = 'root' | 'instance' | 'service' | 'versioned' | 'custom' | 'subdomain'

export const STRATEGIES: ReadonlySet<string> = new Set<MountStrategy>(['root', 'instance', 'service', 'versioned', 'custom', 'subdomain'])

/** The schema languages FARP knows. */
export const SCHEMA_TYPES: ReadonlySet<string> = new Set<SchemaType>([
  'openapi',
  'asyncapi',
  'grpc',
  'graphql',
  'orpc',
  'thrift',
  'avro',
  'custom',
])

/** Where a schema is. */
export type SchemaLocation =
  | { readonly type: 'http'; readonly url: string; readonly headers: ReadonlyMap<string, string> }
  | { readonly type: 'registry'; readonly path: string }
  | { readonly type: 'inline'; readonly schema: unknown }
  /** The gRPC server describes itself: at this address, or at its own. */
  | { readonly type: 'reflection'; readonly address: string | undefined }
  /** Nothing usable was said; the fall-backs are tried. */
  | { readonly type: 'unknown' }

/** What happens in a merged document when two services claim the same. */
export type ConflictStrategy = 'prefix' | 'error' | 'skip' | 'overwrite' | 'merge'

/** How a document takes part in the federated one. */
export interface Composition {
  readonly include: boolean
  readonly componentPrefix: string | undefined
  readonly tagPrefix: string | undefined
  readonly operationIdPrefix: string | undefined
  /** `undefined`: the gateway's default. */
  readonly conflictStrategy: ConflictStrategy | undefined
  readonly preserveExtensions: boolean
  readonly customServers: readonly JsonObject[]
}

/** One schema of a service. */
export interface SchemaDescriptor {
  readonly type: SchemaType
  readonly specVersion: string
  readonly location: SchemaLocation
  readonly contentType: string | undefined
  /** 64 hexadecimal digits in lower case, or `undefined`: then the content is not verified. */
  readonly hash: string | undefined
  readonly composition: Composition | undefined
  /** What it says of the protocol, by language. */
  readonly metadata: JsonObject
  /** The declared compatibility, as written. */
  readonly compatibility: JsonObject | undefined
}

/** How a service wants to be routed. */
export interface Routing {
  /** `undefined`: the gateway's default. */
  readonly strategy: MountStrategy | undefined
  readonly basePath: string
  readonly subdomain: string
  /** `undefined` is not `false`: a peer written in Go cannot say `false`. */
  readonly stripPrefix: boolean | undefined
  readonly priority: number | undefined
  readonly tags: readonly string[]
  /** Usable ones, in order. */
  readonly rewrites: readonly PathRule[]
  readonly pathRules: readonly { readonly pattern: string; readonly include: boolean }[]
  /** How clients name the version they want, where the service has pools of several. */
  readonly versioning: Versioning | undefined
}

/** A request field or a query parameter that holds a version. */
export interface Versioning {
  readonly by: 'header' | 'query'
  readonly name: string
  /** For whoever names none, or one that is not there. `undefined`: the newest. */
  readonly defaultVersion: string | undefined
}

/** An instance's own account of itself. */
export interface InstanceAccount {
  readonly address: string
  readonly zone: string | undefined
  readonly region: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** 0 to 100, or `undefined` when absent: not the same as 0. */
  readonly weight: number | undefined
  readonly status: string
  readonly role: string
  readonly strategy: string
  readonly trafficPercent: number | undefined
  readonly expectedChecksum: string
}

/** A manifest, read. */
export interface Manifest {
  readonly version: string
  readonly serviceName: string
  readonly serviceVersion: string
  readonly instanceId: string | undefined
  readonly instance: InstanceAccount | undefined
  readonly schemas: readonly SchemaDescriptor[]
  readonly capabilities: readonly string[]
  readonly endpoints: {
    readonly health: string | undefined
    readonly metrics: string | undefined
    readonly openapi: string | undefined
    readonly asyncapi: string | undefined
    readonly graphql: string | undefined
    /** Whether the gRPC server describes itself. */
    readonly grpcReflection: boolean
  }
  readonly routing: Routing
  readonly auth: AuthDeclaration
  /** Unix seconds; 0 when absent. */
  readonly updatedAt: number
  readonly checksum: string
  /** Opaque. */
  readonly routesChecksum: string
  /** `x-*` members, kept and never interpreted. */
  readonly extensions: JsonObject
  /** All of it, for the readers of further members; not enumerable, because it may hold the secret of `webhook`. */
  readonly raw: JsonObject
}

/** Why a manifest is refused. */
export type ManifestCode = 'INVALID_MANIFEST' | 'INCOMPATIBLE_VERSION' | 'VALIDATION' | 'CHECKSUM_MISMATCH' | 'LIMIT_EXCEEDED'

/** A refused manifest. */
export class ManifestError extends Error {
  readonly code: ManifestCode
  /** The member at fault, with `VALIDATION`. */
  readonly field: string | undefined
  /** Where it is: a JSON pointer (RFC 6901). */
  readonly pointer: string

  constructor(code: ManifestCode, message: string, field?: string, pointer = '') {
    super(message)
    this.name = 'ManifestError'
    this.code = code
    this.field = field
    this.pointer = pointer
  }
}
