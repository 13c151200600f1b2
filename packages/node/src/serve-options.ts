import { toMilliseconds } from '@octopus-gateway/core'
import type { ConnectionLimits } from './connections.ts'
import type { Duration } from '@octopus-gateway/core'
import type { ProbeOptions } from './probes.ts'
import type { TlsOptions } from './tls/options.ts'
import type { UpstreamClient } from './wires.ts'

/** How long clients may take. */
export interface ServerTimeouts {
  /** For a request head to arrive, and for a TLS handshake. Default 10s; later is 408. */
  readonly header?: Duration
  /** Longest silence of a client in the middle of a message, sending or reading. Default 60s. */
  readonly idle?: Duration
  /** How long an idle connection is kept. Default 75s. */
  readonly keepAlive?: Duration
  /** For a whole request, body included. Default: no limit, so that long uploads pass. */
  readonly requestBody?: Duration
}

/** How many connections there may be. */
export interface ServerLimits {
  /** Connections in all, over HTTP and HTTPS together. Default 10000; more are closed at once. */
  readonly connections?: number
  /** Connections from one address. Default: no limit. Behind a proxy all clients share its address. */
  readonly connectionsPerIp?: number
}

/** How a gateway listens. */
export interface ServeOptions {
  /** Default 8080; 0 takes any free port. */
  readonly port?: number
  /** Default `0.0.0.0`: every interface. Also of HTTPS. */
  readonly host?: string
  /** HTTPS beside HTTP. Default: none. */
  readonly tls?: TlsOptions
  readonly timeouts?: ServerTimeouts
  readonly limits?: ServerLimits
  /** Probes on these listeners. Default: `/livez`, `/readyz` and `/startupz`, in front of every route; `false` for none. */
  readonly probes?: ProbeOptions | false
  /**
   * Whether clients that speak HTTP/2 and take pushes (RFC 9113, section 8.4) are sent what a 200 answer of an upstream names in
   * `Link: </style.css>; rel=preload`, unless it says `nopush`: up to 10 paths of the same host, each as a GET of that client through its
   * own route and policies. Default false: most browsers have given pushes up, and 103 (Early Hints) does more for the others.
   */
  readonly http2Push?: boolean
  /**
   * Who speaks HTTP/1.1 to upstreams. Default `native`: a client made for a gateway, stricter with answers and cheaper than undici; it passes
   * interim answers and trailer fields on. `undici` is the well-known one, for a second opinion when an upstream is suspected.
   */
  readonly upstreamClient?: UpstreamClient
}

/** How a server ends. */
export interface CloseOptions {
  /** How long requests under way may take to finish. Default 10s; what is left then is cut. */
  readonly grace?: Duration
  /**
   * How long to go on as before, new connections included, while the readiness probe says 503 already: time for a balancer to notice.
   * Default 0s. Not part of `grace`.
   */
  readonly preStopDelay?: Duration
}

/** What listens on a port. */
export interface Listening extends AsyncDisposable {
  /** `http://127.0.0.1:8080`; the wildcard address is shown as loopback. */
  readonly url: string
  readonly port: number
  /** Stops accepting and lets requests under way finish, for `grace` at most. Calling it twice is calling it once. */
  close(options?: CloseOptions): Promise<void>
}

/** A listening server. */
export interface Server extends Listening {
  /** `https://127.0.0.1:8443`; `undefined` without TLS. */
  readonly tls: { readonly url: string; readonly port: number } | undefined
  /**
   * In this order: the readiness probe says 503, `preStopDelay` passes, nothing more is accepted, clients are told to go (`Connection: close`,
   * GOAWAY, Close 1001, the end of event streams), requests under way finish, and what is not done after `grace` is cut. An idle server closes
   * in a tenth of a second, in which requests that are on their way over kept connections are still answered.
   */
  close(options?: CloseOptions): Promise<void>
  /**
   * Puts these in the place of all earlier ones; what is left out gets its default. They hold for what begins from now on, and nobody is
   * cut off because there are more connections than there may be now. The time for TLS handshakes stays.
   */
  update(options: Pick<ServeOptions, 'timeouts' | 'limits'>): void
  /**
   * Makes other certificates ready; what it resolves with puts them in place, with `minVersion`, `redirectHttp` and `clientAuth.ca`, for
   * handshakes from then on. Rejects with a `ConfigError` when one cannot be used. The port, whether there is TLS and whether clients are asked
   * for certificates stay.
   */
  prepareTls(options: TlsOptions): Promise<() => void>
}

/** The timeouts, in milliseconds. One object for the life of a server: it is changed in place, and read whenever something begins. */
export interface Patience {
  header: number
  idle: number
  keepAlive: number
  /** 0 for no limit. */
  request: number
}

/** Timeouts with their defaults. Throws when one is no duration. */
export function patienceOf({ header, idle, keepAlive, requestBody }: ServerTimeouts = {}): Patience {
  return {
    header: toMilliseconds(header ?? '10s'),
    idle: toMilliseconds(idle ?? '60s'),
    keepAlive: toMilliseconds(keepAlive ?? '75s'),
    request: requestBody === undefined ? 0 : toMilliseconds(requestBody),
  }
}

/** Limits with their defaults. */
export function connectionLimits({ connections, connectionsPerIp }: ServerLimits = {}): ConnectionLimits {
  return { all: connections ?? 10_000, perIp: connectionsPerIp ?? Infinity }
}
