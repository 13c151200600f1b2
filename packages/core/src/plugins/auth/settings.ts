import { fieldName } from '../schema.ts'
import { IDENTITY_HEADERS } from '../../exchange/own-fields.ts'
import { skipPathProblem } from './skip-paths.ts'
import { validate } from '../../plugin/define.ts'
import * as v from 'valibot'
import type { AuthProvider } from './provider.ts'
import type { IdentityHeaders } from './identity-headers.ts'

/** Options of `auth`. */
export interface AuthOptions {
  /** Asked in this order until one knows the caller. At least one, each with a name of its own. */
  readonly providers: readonly AuthProvider[]
  /** Whether a caller without a credential is refused where its route says nothing about it. Default true. */
  readonly required?: boolean | undefined
  /**
   * Paths at which nobody is asked, as they are sent: `/status`, or `/public/*` for everything below. A route whose `auth` demands something
   * demands it all the same. Default `[]`.
   */
  readonly skipPaths?: readonly string[] | undefined
  /** The field that tells upstreams the principal. Default `x-auth-principal`. */
  readonly principalHeader?: string | undefined
  /** The field that tells upstreams the roles, separated by commas. Default `x-auth-roles`. */
  readonly rolesHeader?: string | undefined
  /** The field that tells upstreams the scopes, separated by spaces. Default `x-auth-scopes`. */
  readonly scopesHeader?: string | undefined
}

/** Options with every default filled in. */
export interface AuthSettings {
  readonly providers: readonly AuthProvider[]
  readonly required: boolean
  readonly skipPaths: readonly string[]
  readonly headers: IdentityHeaders
}

/** Fields whose loss on the way in, or whose value on the way out, would break the request itself. */
const NOT_FOR_IDENTITY = new Set(
  'accept authorization connection content-encoding content-length content-type cookie expect forwarded host te trailer transfer-encoding upgrade via x-request-id'.split(
    ' ',
  ),
)

const header = v.pipe(
  fieldName,
  v.check(
    (name) => !NOT_FOR_IDENTITY.has(name) && !name.startsWith('x-forwarded-') && !name.startsWith(':'),
    'The request needs this field for something else: name another.',
  ),
)

const provider = v.custom<AuthProvider>(
  (value) => typeof value === 'object' && value !== null && 'name' in value && 'setup' in value,
  'Not an auth provider.',
)

const path = v.pipe(
  v.string(),
  v.check(
    (entry) => skipPathProblem(entry) === undefined,
    ({ input }) => skipPathProblem(input)!,
  ),
)

const options = v.strictObject({
  providers: v.pipe(
    v.array(provider, 'Name the auth providers to ask.'),
    v.minLength(1, 'Without an auth provider nobody could ever be let in: name one, or take auth away.'),
    v.check(
      (list) => new Set(list.map(({ name }) => name)).size === list.length,
      'Two providers have the same name: give each one of its own.',
    ),
  ),
  required: v.optional(v.boolean(), true),
  skipPaths: v.optional(v.array(path), []),
  principalHeader: v.optional(header, IDENTITY_HEADERS.principal),
  rolesHeader: v.optional(header, IDENTITY_HEADERS.roles),
  scopesHeader: v.optional(header, IDENTITY_HEADERS.scopes),
})

/** The options of `auth` as a schema: for configuration files. Keys are the option names. */
export const authOptions = v.pipe(
  options,
  v.check(
    ({ principalHeader, rolesHeader, scopesHeader }) => new Set([principalHeader, rolesHeader, scopesHeader]).size === 3,
    'Principal, roles and scopes need a field each.',
  ),
)

/** Rejects with a `ConfigError` with every issue. */
export async function checkSettings(given: AuthOptions): Promise<AuthSettings> {
  const { principalHeader, rolesHeader, scopesHeader, ...rest } = await validate(authOptions, given, 'plugin auth')
  return { ...rest, headers: { principal: principalHeader, roles: rolesHeader, scopes: scopesHeader } }
}
