import type { Logger } from '../log/logger.ts'
import type { MaybePromise } from '../upstream/definition.ts'
import type { MiddlewareHandler } from 'hono'
import type { Phases } from './phases.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** What a plugin does once it is set up. */
export interface Hooks extends Phases, Partial<AsyncDisposable> {
  /** A Hono middleware. A route that carries one takes the web lane, and refuses upgrades and gRPC unless `carries` lists them. */
  readonly middleware?: MiddlewareHandler
  /** Protocols for which `middleware` may be passed by, because the phases of this plugin do its work there. */
  readonly carries?: readonly ('websocket' | 'grpc')[]
  /** The auth providers that this plugin asks. A route that names providers, scopes or roles needs a plugin that enforces them. */
  readonly enforces?: readonly string[]
  /** Fields, in lower case, by which this plugin tells upstreams something: taken out of every request of its routes as it comes. */
  readonly ownFields?: readonly string[]
}

/** A plugin is an inert value: nothing happens until a gateway calls `setup`. */
export interface Plugin {
  readonly name: string
  readonly version: string
  /** Two plugins with equal identities are one: its state survives an update. Plain data is compared by structure, functions by reference. */
  readonly identity: { readonly name: string; readonly version: string; readonly config: unknown }
  /** Validates the configuration and acquires what the plugin needs; released by `[Symbol.asyncDispose]`. */
  setup(host: PluginHost): MaybePromise<Hooks>
}

/** All a plugin may touch. */
export interface PluginHost {
  readonly log: Logger
}

/** The arguments of a factory: the configuration may be left out when its schema accepts `undefined`. */
export type ConfigArgs<S extends StandardSchemaV1> =
  undefined extends StandardSchemaV1.InferInput<S> ? [config?: StandardSchemaV1.InferInput<S>] : [config: StandardSchemaV1.InferInput<S>]

/** Makes plugins of one kind. */
export interface PluginFactory<S extends StandardSchemaV1> {
  (...config: ConfigArgs<S>): Plugin
  readonly pluginName: string
  readonly config: S
}
