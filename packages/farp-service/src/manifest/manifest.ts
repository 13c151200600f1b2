import type { Auth } from './auth.ts'
import type { Compatibility } from './compatibility.ts'
import type { Deployment, Instance, Status } from './instance.ts'
import type { Hints } from './hints.ts'
import type { RouteDescriptor, Routing } from './routing.ts'
import type { WebhookAccount } from './webhook.ts'

/** The schema languages that the kit publishes. */
export type SchemaType = 'openapi' | 'asyncapi' | 'grpc' | 'graphql' | 'orpc'

/** Paths of the service, or URLs. */
export interface Endpoints {
  readonly health?: string
  readonly metrics?: string
  readonly openapi?: string
  readonly asyncapi?: string
  readonly graphql?: string
  readonly grpc_reflection?: boolean
  readonly documentation?: string
  readonly changelog?: string
}

/** One schema, as a manifest tells it. */
export interface SchemaDescriptor {
  readonly type: SchemaType
  readonly spec_version: string
  readonly location: { readonly type: 'http'; readonly url: string } | { readonly type: 'inline' }
  readonly content_type: string
  readonly inline_schema?: unknown
  readonly hash: string
  readonly size: number
  readonly compatibility?: Compatibility
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** A manifest as it goes over the network. */
export interface Manifest {
  readonly version: string
  readonly service_name: string
  readonly service_version: string
  readonly instance_id: string
  readonly instance?: Omit<Instance, 'deployment'> & {
    readonly address: string
    readonly status: Status
    readonly started_at: number
    readonly deployment?: Deployment
  }
  readonly schemas: readonly SchemaDescriptor[]
  readonly capabilities: readonly string[]
  readonly endpoints: Endpoints
  readonly routing: Routing
  readonly auth?: Auth
  readonly webhook?: WebhookAccount & { readonly service_webhook?: string }
  readonly hints?: Hints
  readonly route_table?: readonly RouteDescriptor[]
  readonly updated_at: number
  readonly checksum: string
  readonly routes_checksum: string
  readonly [extension: `x-${string}`]: unknown
}
