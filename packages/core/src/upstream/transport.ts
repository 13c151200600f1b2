/** Which protocol is spoken to an upstream. `auto`: what TLS negotiates (ALPN); in the clear HTTP/1.1, and HTTP/2 for gRPC. */
export type UpstreamProtocol = 'auto' | 'http1' | 'h2' | 'h2c'

/** TLS towards an upstream, for endpoints whose origin is `https`. */
export interface UpstreamTls {
  /** Certificates in PEM form that are trusted instead of the runtime's own. */
  readonly ca?: string
  /** Whether the certificate and its name must be right. Default true; without it anybody on the way can read and answer. */
  readonly verify?: boolean
  /** The name asked for by SNI and expected in the certificate. Default: the host of the endpoint. */
  readonly serverName?: string
}

/** How the endpoints of one upstream are spoken to. The same object as long as nothing of it changes: pools of connections belong to it. */
export interface Transport {
  readonly protocol: UpstreamProtocol
  readonly tls: UpstreamTls | null
}

/** The transport of an upstream that says nothing of it. */
export const DEFAULT_TRANSPORT: Transport = Object.freeze({ protocol: 'auto', tls: null })
