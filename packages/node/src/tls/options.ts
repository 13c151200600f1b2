/** A certificate and its key. */
export interface ServerCertificate {
  /** PEM text, or the path of a file that has it: the certificate first, then the rest of its chain. */
  readonly cert: string
  /** The private key: PEM text, or the path of a file. */
  readonly key: string
  /** The host names it is shown for, `api.example.com` or `*.example.com` (one label). Default: the names in the certificate. */
  readonly hosts?: readonly string[]
}

/** HTTPS: HTTP/2 and HTTP/1.1, as the client can. */
export interface TlsOptions {
  /** Default 8443; 0 takes any free port. */
  readonly port?: number
  /** At least one. Which is shown is told by the name the client asks for (SNI); without one that fits, the first. Files are read again when they change. */
  readonly certificates: readonly ServerCertificate[]
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Asks clients for a certificate: `ctx.client.certificate`. */
  readonly clientAuth?: {
    /** Who may have signed it: PEM text, or the path of a file. */
    readonly ca: string
    /** `required`: no connection without one. `optional`: a client may have none; one that is not valid is refused all the same. */
    readonly mode: 'required' | 'optional'
  }
  /**
   * Processes that share a port and this secret resume each other's sessions: the keys of session tickets are made from it and from the certificates,
   * so that new certificates end old tickets. Default: random keys.
   */
  readonly ticketSecret?: Uint8Array
  /**
   * Answers everything on the HTTP port with 308 to the same host and target on the HTTPS port. Whatever is spoken there, HTTP/2, gRPC and
   * WebSocket included: nothing is served in the clear. A host that no certificate covers is 421. Default false.
   */
  readonly redirectHttp?: boolean
}
