import type { Auth } from './manifest/auth.ts'
import type { Compatibility } from './manifest/compatibility.ts'
import type { Endpoints, SchemaType } from './manifest/manifest.ts'
import type { GatewayEvent } from './webhook/event.ts'
import type { Hints } from './manifest/hints.ts'
import type { Instance, Status } from './manifest/instance.ts'
import type { RouteDescriptor, Routing } from './manifest/routing.ts'
import type { SchemaSources } from './schemas/schemas.ts'
import type { WebhookAccount } from './manifest/webhook.ts'

/** What a service says of itself. Options that become members of the manifest are written as there. */
export interface FarpServiceOptions extends SchemaSources, Changeable {
  /** The service's name: letters, digits and `. _ ~ -`. Gateways mount its routes below it. */
  readonly name: string
  /** Which instance this is, unique among all. Default: the name and 16 random digits, new with every start. */
  readonly instance_id?: string
  /** Hears of what the kit does by itself: registrations, failures, broken schemas. Never of tokens. Default: nobody does. */
  readonly log?: (entry: LogEntry) => void
}

/** What `update` may change. */
export interface Changeable {
  /** The service's version: `v1.2.0`. */
  readonly version: string
  /**
   * Where a gateway reaches this instance: `host:port`, or an origin such as `https://orders.internal:8443`. Default: what the request for the
   * manifest was sent to.
   */
  readonly address?: string
  /** Where the instance is in its life. Default `healthy`. */
  readonly status?: Status
  /** Asked for every look at `/_farp/health` and every heartbeat. `false`, or a failure, means `unhealthy`. */
  readonly isHealthy?: () => boolean | Promise<boolean>
  /** Put the schemas into the manifest instead of naming their URLs: one request then tells everything. Default false. */
  readonly inline?: boolean
  readonly instance?: Instance
  readonly routing?: Routing
  readonly auth?: Auth
  readonly hints?: Hints
  readonly webhook?: WebhookOptions
  /** By schema type: what it promises to users of the one before. */
  readonly compatibility?: Readonly<Partial<Record<SchemaType, Compatibility>>>
  /** By schema type: what the protocol calls its metadata, such as `{ openapi: { composition: { include_in_merged: true } } }`. */
  readonly metadata?: Readonly<Partial<Record<SchemaType, Readonly<Record<string, unknown>>>>>
  /** Routes told instead of derived from the schemas. */
  readonly route_table?: readonly RouteDescriptor[]
  /** Paths of the service. Default: those that the kit serves. */
  readonly endpoints?: Endpoints
  /** What the service can. Default: what its schemas say. */
  readonly capabilities?: readonly string[]
  /** For registries. `farp` is always among them. */
  readonly tags?: readonly string[]
  /** Members of the manifest whose names begin with `x-`. */
  readonly extensions?: Readonly<Record<`x-${string}`, unknown>>
}

/** What `update` takes: members that are absent stay as they are. */
export type FarpServiceChanges = Partial<SchemaSources & Changeable>

/** Events between gateway and service. */
export interface WebhookOptions extends WebhookAccount {
  /**
   * Opens the path for events of gateways that know the secret. It is never published: everyone who reaches the service can read its manifest.
   * Give it to the gateway in its own configuration.
   */
  readonly secret?: string
  /** Default `/farp/webhook`. */
  readonly path?: string
  /** Called once per delivery, after its signature was verified. When it fails the gateway is told, and tries again. */
  readonly on?: (event: GatewayEvent) => void | Promise<void>
}

/** Something the kit did by itself. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly gateway?: string
  readonly error?: unknown
}
