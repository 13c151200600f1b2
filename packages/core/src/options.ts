import type { AccessLog } from './log/access.ts'
import type { GatewayBalancingSettings } from './upstream/balancing.ts'
import type { DiscoveryProvider } from './discovery/provider.ts'
import type { HealthSettings } from './upstream/health.ts'
import type { KeyValueStore } from './store/store.ts'
import type { Logger } from './log/logger.ts'
import type { Plugin } from './plugin/plugin.ts'
import type { RouteDefinition } from './routing/definition.ts'
import type { RouteSource } from './snapshot/source.ts'
import type { RoutingSettings, UpstreamDefinition } from './upstream/definition.ts'

/** Defaults for every route and upstream that does not say otherwise. */
export interface RoutingOptions extends RoutingSettings, GatewayBalancingSettings, HealthSettings {}

/** Counted while a request streams; a request over a limit is refused and never forwarded further. */
export interface RequestLimits {
  /** Bytes of the request target. Default 8 KiB; longer is 414. */
  readonly uri?: number
  /** Bytes of all header fields. Default 16 KiB; more is 431. */
  readonly headers?: number
  /** Number of header fields. Default 100; more is 431. */
  readonly headerCount?: number
  /** Bytes of a request body. Default: no limit; more is 413. */
  readonly body?: number
}

/** Everything a gateway is made of. All parts are values; nothing starts before `createGateway`. */
export interface GatewayOptions {
  /** Hand-written routes. They win over routes of sources. */
  readonly routes?: readonly RouteDefinition[]
  readonly upstreams?: Readonly<Record<string, UpstreamDefinition>>
  /** Route sources, such as `farp()`. */
  readonly sources?: readonly RouteSource[]
  readonly discovery?: readonly DiscoveryProvider[]
  /** Run on every route, in this order; a route's own come after. */
  readonly plugins?: readonly Plugin[]
  readonly routing?: RoutingOptions
  readonly limits?: RequestLimits
  /**
   * Addresses (CIDR) whose `Forwarded` and `X-Forwarded-*` fields are believed. Default none: everybody else's are replaced.
   * A range that is too wide lets clients choose the address that limits and logs see.
   */
  readonly trustedProxies?: readonly string[]
  readonly log?: Logger
  /**
   * Where sources keep what outlives the process and what replicas share. Default `memoryStore()`; `fileStore(folder)` of `@octopus-gateway/node`
   * keeps it in files.
   */
  readonly store?: KeyValueStore
  /** Gets one entry per finished request. Default: none. */
  readonly accessLog?: AccessLog
  /** Count requests. Default true; without it `gateway.metrics` stays empty and requests cost a little less. */
  readonly metrics?: boolean
  /** The web lane's way out where there is no Node server. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}
