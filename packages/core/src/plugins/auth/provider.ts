import { defineSlot } from '../../exchange/slots.ts'
import type { MaybePromise } from '../../upstream/definition.ts'
import type { PluginHost } from '../../plugin/plugin.ts'
import type { RequestContext } from '../../exchange/context.ts'

/** Who a caller is, as an auth provider has found. */
export interface Identity {
  /** The name of the provider that vouches. */
  readonly provider: string
  /** The caller, unique at that provider: the `sub` of a token. */
  readonly principal: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  /** Everything the credential says. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** Who the caller of a request is; absent for anonymous callers. Set by `auth` in `onRequest`: `ctx.get(identity)?.principal`. */
export const identity = defineSlot<Identity>('auth.identity')

/** Why a credential does not count: the error code of RFC 6750, section 3.1, and a sentence for the caller that tells nothing secret. */
export interface Denial {
  readonly error: 'invalid_request' | 'invalid_token'
  readonly description: string
}

/** A provider at work. */
export interface Authenticator extends Partial<AsyncDisposable> {
  /** The scheme of `WWW-Authenticate` (RFC 9110, section 11.6.1): `Bearer`. */
  readonly scheme: string
  /**
   * The identity behind the credential of a request; a `Denial` when it does not count; `null` when the request carries none for this
   * provider. A failure to find out (a key server that is down) is thrown, and the request is refused with 503.
   */
  authenticate(ctx: RequestContext): MaybePromise<Identity | Denial | null>
}

/** A way to tell who a caller is. An inert value, like a plugin; given to `auth({ providers: [...] })`. */
export interface AuthProvider {
  /** Named by `routes[].auth.providers`. */
  readonly name: string
  /** Compared between updates like a plugin's identity. */
  readonly identity: { readonly name: string; readonly version: string; readonly config: unknown }
  /** Validates the configuration and acquires what is needed. Throws a `ConfigError`. */
  setup(host: PluginHost): MaybePromise<Authenticator>
}
