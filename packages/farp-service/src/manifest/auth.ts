/** Who may call what. A gateway may be stricter, never looser. Written as in the manifest. */
export interface Auth {
  /** Alternatives: any of them identifies a caller. */
  readonly schemes?: readonly {
    readonly type: 'bearer' | 'apikey' | 'basic' | 'mtls' | 'oauth2' | 'oidc' | 'custom'
    /** Such as `{ format: 'jwt', jwks_url, issuer, audience }` for `bearer`. No secrets: everyone who reaches the service can read it. */
    readonly config?: Readonly<Record<string, unknown>>
  }[]
  /** All of them are needed, everywhere but at public routes. */
  readonly required_scopes?: readonly string[]
  readonly access_control?: readonly AccessRule[]
  readonly token_validation_url?: string
  /** Globs of paths that anyone may call. */
  readonly public_routes?: readonly string[]
}

/** Who may call one path. */
export interface AccessRule {
  /** A glob of the service's own paths. */
  readonly path: string
  /** Default: all. */
  readonly methods?: readonly string[]
  /** Any of them. */
  readonly roles?: readonly string[]
  /** All of them. */
  readonly permissions?: readonly string[]
  readonly allow_anonymous?: boolean
}
