import type { ClientCertificate, Logger } from '@octopus-gateway/core'
import type { IncomingMessage } from 'node:http'
import type { Listening, ServerTimeouts } from './serve-options.ts'
import type { TlsOptions } from './tls/options.ts'

/** HTTPS of a fetch handler: as that of `serve`, but HTTP/1.1 alone is spoken, and on its one port. */
export type FetchTlsOptions = Pick<TlsOptions, 'certificates' | 'minVersion' | 'clientAuth'>

/** How a fetch handler is served. */
export interface ServeFetchOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** HTTPS in the place of HTTP. Default: HTTP. */
  readonly tls?: FetchTlsOptions
  /** How long a head and a TLS handshake may take. Default 10s. */
  readonly timeouts?: Pick<ServerTimeouts, 'header'>
  /** How many connections there may be. Default 2000; more are closed at once. */
  readonly limits?: { readonly connections?: number }
  /** Told of certificates that were read again, or could not be. Default: nobody. */
  readonly log?: Logger
}

/** What a server tells a fetch handler beside the request. None of it comes from fields of the request. */
export interface FetchEnv {
  readonly incoming: IncomingMessage
  /** The certificate of the client: only where `tls.clientAuth` asks for one and it was verified. */
  readonly certificate: ClientCertificate | undefined
}

/** What serves a fetch handler. */
export interface FetchListening extends Listening {
  /**
   * Makes other certificates ready; what it resolves with puts them in place, with `minVersion` and `clientAuth.ca`, for handshakes from then on.
   * Rejects with a `ConfigError` when one cannot be used. Whether there is TLS and whether clients are asked for certificates stay. Where
   * others than before sign those of clients, connections that are there end with the answer under way.
   */
  prepareTls(options: FetchTlsOptions): Promise<() => void>
}
