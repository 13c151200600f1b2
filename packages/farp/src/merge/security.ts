import { table } from '../json.ts'
import type { JsonObject } from '../json.ts'
import type { SecurityMerge } from './merged.ts'

/** Security requirements: a list of alternatives; `undefined` when nothing was said. */
export type Requirements = readonly JsonObject[] | undefined

/** Which of two schemes of one name is the stricter: the one with the higher rank. Unknown types have the lowest. */
const RANKS: readonly unknown[] = ['apiKey', 'http', 'openIdConnect', 'oauth2']

/** How strict a scheme is, as `most_strict` compares. */
export function rankOf(scheme: JsonObject): number {
  return RANKS.indexOf(scheme['type'])
}

/** What an operation requires in the merged document: its own (or its document's) requirements and the gateway's. */
export function requirementsOf(own: Requirements, security: SecurityMerge): Requirements {
  const { strategy = 'union', global = [], preserveOperationSecurity = true } = security
  const mine = preserveOperationSecurity ? own : undefined
  if (global.length === 0) return mine
  switch (strategy) {
    case 'union':
      // An operation that needs nothing still needs nothing.
      return mine === undefined ? global : mine.length === 0 ? mine : [...mine, ...global]
    case 'intersection':
      return mine === undefined || mine.length === 0 ? global : mine.flatMap((one) => global.map((other) => both(one, other)))
    case 'global':
      return global
    case 'per_service':
    case 'most_strict':
      return mine ?? global
  }
}

/** One requirement that holds the schemes of both, with the scopes of both. */
function both(a: JsonObject, b: JsonObject): JsonObject {
  const joined = table<unknown>(Object.entries(a))
  for (const [name, scopes] of Object.entries(b)) {
    const known = Object.hasOwn(a, name) ? a[name] : undefined
    joined[name] = Array.isArray(known) && Array.isArray(scopes) ? [...new Set<unknown>([...known, ...(scopes as unknown[])])] : scopes
  }
  return joined
}

/** Names of schemes that requirements mention. */
export function namesIn(requirements: Requirements): string[] {
  return (requirements ?? []).flatMap((requirement) => Object.keys(requirement))
}
