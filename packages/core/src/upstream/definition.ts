import type { OwnBalancingSettings } from './balancing.ts'
import type { Duration } from '../time.ts'
import type { Endpoint } from './endpoint.ts'
import type { OwnHealthSettings } from './health.ts'
import type { RetrySettings } from '../exchange/retry-settings.ts'
import type { UpstreamProtocol, UpstreamTls } from './transport.ts'

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>

/** A service in the same process: `app.fetch` of a Hono app, or any function of a Request. */
export type UpstreamHandler = (request: Request) => MaybePromise<Response>

/** Settings that a gateway, an upstream and a route share; the closest one wins. */
export interface RoutingSettings extends RetrySettings {
  /** From the last request byte to the final response head, over all attempts. Default 30s. Never cuts a running body. */
  readonly timeout?: Duration
  /** To establish one connection. Default 2s. */
  readonly connectTimeout?: Duration
  /** Longest silence while a body moves in either direction. Default 60s. */
  readonly idleTimeout?: Duration
}

/** An upstream written out. */
export interface UpstreamOptions extends RoutingSettings, OwnBalancingSettings, OwnHealthSettings {
  /** Origins (`http://10.0.0.7:8080`), endpoints with weights and labels, or the instances of a discovered service. */
  readonly endpoints: readonly (string | Endpoint)[] | { readonly discover: string }
  /** `preserve` (default) sends the client's Host to the upstream; `upstream` sends the endpoint's own authority. */
  readonly host?: 'preserve' | 'upstream'
  /** Default `auto`. `h2` needs `https` origins, `h2c` needs `http` ones (prior knowledge, RFC 9113, section 3.3). */
  readonly protocol?: UpstreamProtocol
  /** TLS towards the endpoints; only for `https` origins. */
  readonly tls?: UpstreamTls
}

/** A named group of endpoints: origins, a function in this process, or written out. */
export type UpstreamDefinition = readonly string[] | UpstreamHandler | UpstreamOptions
