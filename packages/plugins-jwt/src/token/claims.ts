import { UNDATED_MS } from '../limits.ts'
import { claimAt } from './claim-path.ts'
import { deepFreeze } from './freeze.ts'
import type { Denial, Identity } from '@octopus-gateway/core/plugins'
import type { RequiredClaim, Settings } from '../options.ts'

/** Claims of a token whose signature holds. */
export type Claims = Readonly<Record<string, unknown>>

/** What is asked of claims. */
export type ClaimRules = Pick<Settings, 'issuers' | 'audiences' | 'clockTolerance' | 'requiredClaims' | 'rolesClaim' | 'scopesClaims'>

/** An identity and the time in which a cached copy of it counts: wall clock, in milliseconds. */
export interface Judgement {
  readonly identity: Identity
  readonly from: number
  readonly until: number
}

/** Whether claims are acceptable now (RFC 7519, section 4.1), and who they speak of. */
export function judgeClaims(claims: Claims, rules: ClaimRules, provider: string, now: number): Judgement | Denial {
  const times = judgeTimes(claims, rules.clockTolerance, now)
  if ('error' in times) return times
  const objection = objectionToParties(claims, rules) ?? objectionToRequired(claims, rules.requiredClaims)
  if (objection !== undefined) return invalid(objection)
  const { sub } = claims
  // The subject becomes a header field: a control character in it could become another one.
  if (typeof sub !== 'string' || sub === '' || /\p{Cc}/u.test(sub)) return invalid('The token names no subject')
  const scopes = rules.scopesClaims.map((path) => claimAt(claims, path)).find((value) => value !== undefined)
  const identity: Identity = {
    provider,
    principal: sub,
    roles: namesOf(claimAt(claims, rules.rolesClaim), (text) => [text]),
    scopes: namesOf(scopes, (text) => text.split(' ')),
    claims,
  }
  // One object serves many requests.
  return { ...times, identity: deepFreeze(identity) }
}

function judgeTimes({ exp, nbf, iat }: Claims, tolerance: number, now: number): { from: number; until: number } | Denial {
  if (!isDate(exp) || !isDate(nbf) || !isDate(iat)) return invalid('The token has a malformed date')
  if (exp !== undefined && now >= exp * 1000 + tolerance) return invalid('The token has expired')
  const from = nbf === undefined ? -Infinity : nbf * 1000 - tolerance
  if (now < from) return invalid('The token is not valid yet')
  // Without the tolerance: in the last seconds every request is judged anew.
  return { from, until: exp === undefined ? now + UNDATED_MS : exp * 1000 }
}

/** A NumericDate (RFC 7519, section 2), or nothing. */
function isDate(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}

function objectionToParties({ iss, aud }: Claims, { issuers, audiences }: ClaimRules): string | undefined {
  if (issuers !== null && !(typeof iss === 'string' && issuers.has(iss))) return 'The token is from another issuer'
  if (audiences === null) return undefined
  const named = Array.isArray(aud) ? aud : [aud]
  return named.some((one) => typeof one === 'string' && audiences.has(one)) ? undefined : 'The token is for another audience'
}

function objectionToRequired(claims: Claims, required: readonly RequiredClaim[]): string | undefined {
  const missing = required.find(({ path, values }) => {
    const value = claimAt(claims, path)
    if (value === undefined || value === null) return true
    if (values === undefined) return false
    return !values.some((wanted) => (Array.isArray(value) ? value.includes(wanted) : value === wanted))
  })
  return missing === undefined ? undefined : 'The token lacks a required claim'
}

/** The names in a claim: a list of texts, or one text. What else is there names nothing. */
function namesOf(value: unknown, split: (text: string) => readonly string[]): readonly string[] {
  const names = typeof value === 'string' ? split(value) : Array.isArray(value) ? value : []
  return [...new Set(names.filter((name): name is string => typeof name === 'string' && name !== ''))]
}

function invalid(description: string): Denial {
  return { error: 'invalid_token', description }
}
