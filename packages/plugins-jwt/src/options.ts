import * as v from 'valibot'
import { ALGORITHM_NAMES } from './algorithms.ts'
import { checkJwtOptions } from './check-options.ts'
import { parseClaimPath } from './token/claim-path.ts'
import { parseSource } from './token/source.ts'
import { toMilliseconds } from '@octopus-gateway/core'
import type { Algorithm } from './algorithms.ts'
import type { ClaimPath } from './token/claim-path.ts'
import type { Duration } from '@octopus-gateway/core'
import type { TokenSource } from './token/source.ts'

/** How tokens are found, verified and read. Exactly one of `secret`, `publicKey` and `jwksUrl` is needed. */
export interface JwtOptions {
  /** The secret that signs tokens, as text; its UTF-8 bytes count. At least 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518, section 3.2). */
  readonly secret?: string | undefined
  /** A public key or certificate as PEM text, or the path of a file with one. The file is read once, when the gateway takes up the configuration. */
  readonly publicKey?: string | undefined
  /** Where a key server publishes its keys (RFC 7517): https, or http on this machine. */
  readonly jwksUrl?: string | undefined
  /** Allow plain http for `jwksUrl` on other machines: whoever sits between can then make tokens. Default false. */
  readonly allowInsecureJwks?: boolean | undefined
  /** The only algorithms that count. Default: all that the key can do; with `jwksUrl` all of public keys. A secret is only for HS*, a public key never. */
  readonly algorithms?: readonly Algorithm[] | undefined
  /** The `iss` of acceptable tokens: one or several. Default: any. */
  readonly issuer?: string | readonly string[] | undefined
  /** The `aud` of acceptable tokens: a token for one of these is accepted. Default: any. */
  readonly audience?: string | readonly string[] | undefined
  /** How much the clocks of issuer and gateway may differ. Default 5s, at most 5m. */
  readonly clockTolerance?: Duration | undefined
  /** Claims that must be there: their names, or names with the value, or one of the values, that they must have or contain. Default none. */
  readonly requiredClaims?: readonly string[] | Readonly<Record<string, ClaimValue | readonly ClaimValue[]>> | undefined
  /** Where tokens are: `header:<name>`, `cookie:<name>`, `query:<name>`, or several of these; the first that is there counts. Default `header:authorization`. */
  readonly from?: string | readonly string[] | undefined
  /** The claim with the roles, a list of texts or one text: a name, or a path with dots. Default `roles`. */
  readonly rolesClaim?: string | undefined
  /** The claim with the scopes, a list of texts or a text with spaces. Default `scope`, or else `scp`. */
  readonly scopesClaim?: string | undefined
  /** How many verified tokens are remembered. Default 10000; 0 verifies every time. */
  readonly cache?: number | undefined
}

/** A value that `requiredClaims` can ask for. */
export type ClaimValue = string | number | boolean

/** A claim that must be there; with `values`, it must be or contain one of them. */
export interface RequiredClaim {
  readonly path: ClaimPath
  readonly values: readonly ClaimValue[] | undefined
}

/** The one thing that tells good signatures from bad ones. */
export type KeySource =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'publicKey'; readonly textOrPath: string }
  | { readonly kind: 'jwks'; readonly url: string }

/** Options with every default filled in; times in milliseconds; `null` accepts everything. */
export interface Settings {
  readonly key: KeySource
  readonly algorithms: readonly Algorithm[] | undefined
  readonly issuers: ReadonlySet<string> | null
  readonly audiences: ReadonlySet<string> | null
  readonly clockTolerance: number
  readonly requiredClaims: readonly RequiredClaim[]
  readonly from: readonly TokenSource[]
  readonly rolesClaim: ClaimPath
  /** The first that is there counts. */
  readonly scopesClaims: readonly ClaimPath[]
  readonly cache: number
}

const LONGEST_TOLERANCE_MS = 300_000

const text = v.pipe(v.string(), v.nonEmpty('it is empty'))
const texts = v.pipe(
  v.union([text, v.array(text)], 'write a text or a list of texts'),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
  v.nonEmpty('the list is empty: nothing would be accepted'),
)
const textSet = v.pipe(
  texts,
  v.transform((names): ReadonlySet<string> => new Set(names)),
)
const claimPath = v.pipe(
  text,
  v.check(
    (name) => name.split('.').every((part) => part !== ''),
    'write the name of a claim, or names with dots between: realm_access.roles',
  ),
  v.transform(parseClaimPath),
)
const claimValue = v.union([v.string(), v.number(), v.boolean()], 'write a text, a number, true or false')

const tolerance = v.pipe(
  v.custom<Duration>((value) => isDuration(value), 'write a duration such as 250ms, 5s or 1m'),
  v.transform(toMilliseconds),
  v.maxValue(LONGEST_TOLERANCE_MS, 'the most is 5m: more would keep expired tokens alive'),
)

const requiredClaims = v.union(
  [
    v.pipe(
      v.array(text),
      v.transform((names) => names.map((name): RequiredClaim => ({ path: parseClaimPath(name), values: undefined }))),
    ),
    v.pipe(
      v.record(text, v.union([claimValue, v.pipe(v.array(claimValue), v.nonEmpty('the list of values is empty'))])),
      v.transform((wanted) =>
        Object.entries(wanted).map(([name, value]): RequiredClaim => ({
          path: parseClaimPath(name),
          values: Array.isArray(value) ? value : [value],
        })),
      ),
    ),
  ],
  'write a list of claim names, or claim names with the values they must have',
)

const source = v.pipe(
  text,
  v.check((value) => parseSource(value) !== undefined, 'write header:<name>, cookie:<name> or query:<name>, such as header:authorization'),
  v.transform((value) => parseSource(value)!),
)
const sources = v.pipe(
  v.union([v.string(), v.array(v.string())], 'write header:<name>, cookie:<name> or query:<name>, or a list of these'),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
  v.nonEmpty('the list is empty: no token would ever be found'),
  v.array(source),
)

/** The options as a valibot schema: for configuration files. Keys are the option names. */
export const jwtOptions: v.GenericSchema<JwtOptions, Settings> = v.pipe(
  v.strictObject({
    secret: v.optional(v.string()),
    publicKey: v.optional(text),
    jwksUrl: v.optional(text),
    allowInsecureJwks: v.optional(v.boolean(), false),
    algorithms: v.optional(
      v.pipe(
        v.array(v.picklist(ALGORITHM_NAMES, `write algorithms out of ${ALGORITHM_NAMES.join(', ')}`)),
        v.nonEmpty('the list is empty: nothing would be accepted'),
      ),
    ),
    issuer: v.optional(textSet),
    audience: v.optional(textSet),
    clockTolerance: v.optional(tolerance, '5s'),
    requiredClaims: v.optional(requiredClaims, []),
    from: v.optional(sources, 'header:authorization'),
    rolesClaim: v.optional(claimPath, 'roles'),
    scopesClaim: v.optional(claimPath),
    cache: v.optional(v.pipe(v.number(), v.integer('write a whole number'), v.minValue(0), v.maxValue(1_000_000)), 10_000),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { key, message } of checkJwtOptions(dataset.value)) {
      if (key === undefined) addIssue({ message })
      else addIssue({ message, path: [{ type: 'object', origin: 'value', input: dataset.value, key, value: dataset.value[key] }] })
    }
  }),
  v.transform(({ secret, publicKey, jwksUrl, allowInsecureJwks: _allowed, issuer, audience, scopesClaim, ...rest }): Settings => {
    return {
      ...rest,
      key:
        secret !== undefined
          ? { kind: 'secret', secret }
          : publicKey !== undefined
            ? { kind: 'publicKey', textOrPath: publicKey }
            : { kind: 'jwks', url: jwksUrl! },
      algorithms: rest.algorithms === undefined ? undefined : [...new Set(rest.algorithms)],
      issuers: issuer ?? null,
      audiences: audience ?? null,
      scopesClaims: scopesClaim === undefined ? ['scope', 'scp'].map(parseClaimPath) : [scopesClaim],
    }
  }),
)

function isDuration(value: unknown): boolean {
  try {
    return toMilliseconds(value as Duration) >= 0
  } catch {
    // The only failure is "not a duration", which is the answer.
    return false
  }
}
