import { compactVerify, errors } from 'jose'
import { MAX_TRIES } from './limits.ts'
import { judgeClaims } from './token/claims.ts'
import { objectionTo } from './token/source.ts'
import { parseObject, readTokenHeader, toText } from './token/header.ts'
import type { Algorithm } from './algorithms.ts'
import type { ClaimRules } from './token/claims.ts'
import type { Denial } from '@octopus-gateway/core/plugins'
import type { KeyProvider, VerificationKey } from './keys/key.ts'
import type { Proof } from './token/cache.ts'

/** What makes a token good. */
export interface Verification {
  readonly provider: string
  readonly keys: KeyProvider
  readonly algorithms: ReadonlySet<string>
  readonly rules: ClaimRules
}

const FORBIDDEN: Denial = { error: 'invalid_token', description: 'The token is signed with an algorithm that is not accepted' }
// One sentence for an unknown key and for a wrong signature: which keys we trust is nobody's business.
const NOT_OURS: Denial = { error: 'invalid_token', description: 'The signature of the token does not count here' }
const NO_CLAIMS: Denial = { error: 'invalid_token', description: 'The token carries no claims' }

/** Verifies a token from the outside in: form, algorithm, key, signature; only then is believed what it says. Throws when the keys cannot be had. */
export async function verify(
  token: string,
  { provider, keys, algorithms, rules }: Verification,
  now: () => number,
): Promise<Proof | Denial> {
  const malformed = objectionTo(token)
  if (malformed !== undefined) return malformed
  const header = readTokenHeader(token)
  if ('error' in header) return header
  // The token does not choose: it is one of the algorithms of our key, or nothing. `none` is in no list.
  if (!algorithms.has(header.alg)) return FORBIDDEN
  const algorithm = header.alg as Algorithm
  const candidates = await keys.find(header, algorithm)
  const signed = await payloadOf(token, algorithm, candidates)
  if (signed === undefined) return NOT_OURS
  const claims = parseObject(toText(signed.payload))
  if (claims === undefined) return NO_CLAIMS
  const judgement = judgeClaims(claims, rules, provider, now())
  return 'error' in judgement ? judgement : { ...judgement, key: signed.key }
}

async function payloadOf(
  token: string,
  algorithm: Algorithm,
  candidates: readonly VerificationKey[],
): Promise<{ readonly payload: Uint8Array; readonly key: VerificationKey } | undefined> {
  for (const key of candidates.slice(0, MAX_TRIES)) {
    const imported = await key.importFor(algorithm)
    if (imported === null) continue
    try {
      const { payload } = await compactVerify(token, imported, { algorithms: [algorithm] })
      // Withdrawn while we were calculating.
      if (key.isTrusted) return { payload, key }
    } catch (thrown) {
      if (!(thrown instanceof errors.JOSEError)) throw thrown
    }
  }
  return undefined
}
