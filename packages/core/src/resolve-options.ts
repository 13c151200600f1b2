import { TrustedProxies } from './exchange/client.ts'
import type { ConfigIssue } from './errors.ts'
import type { GatewayOptions } from './options.ts'
import type { Limits } from './exchange/open.ts'

const DEFAULT_LIMITS: Limits = { uri: 8 * 1024, headers: 16 * 1024, headerCount: 100, body: Infinity }

/** Limits and trusted proxies with their defaults, and everything wrong with them. */
export function resolveOptions(options: GatewayOptions): {
  readonly limits: Limits
  readonly trusted: TrustedProxies
  readonly issues: readonly ConfigIssue[]
} {
  const issues: ConfigIssue[] = []
  const limits = { ...DEFAULT_LIMITS }
  for (const key of ['uri', 'headers', 'headerCount', 'body'] as const) {
    const value = options.limits?.[key]
    if (value === undefined) continue
    if (value > 0) limits[key] = value
    else
      issues.push({
        code: 'invalid_value',
        path: `limits.${key}`,
        message: `A limit is a number above 0, not ${value}: leave the key out for the default.`,
      })
  }
  let trusted = new TrustedProxies([])
  try {
    trusted = new TrustedProxies(options.trustedProxies ?? [])
  } catch (thrown) {
    issues.push({ code: 'invalid_value', path: 'trustedProxies', message: (thrown as Error).message })
  }
  return { limits, trusted, issues }
}
