import { parseDuration, sleep, type Gateway } from '@octopus-gateway/core'
import { usageError, type Arguments, type OptionSpec } from './arguments.ts'

const DEFAULT = '15s'

/** `--timeout TIME` */
export const TIMEOUT: OptionSpec = { type: 'string', value: 'TIME', description: `How long to wait for discovery. Default ${DEFAULT}.` }

/** What `--timeout` says, as text and in milliseconds. */
export function timeoutOf(args: Arguments): { readonly text: string; readonly ms: number } {
  const text = args.options.timeout?.[0] ?? DEFAULT
  const ms = parseDuration(text)
  if (ms === undefined) throw usageError(`--timeout must be a duration such as 500ms, 15s or 2m, not "${text}"`, args.command)
  return { text, ms }
}

/** Whether every provider and source has reported within a time. */
export async function syncedWithin(gateway: Gateway, ms: number): Promise<boolean> {
  const late = new AbortController()
  try {
    return await Promise.race([gateway.synced.then(() => true), sleep(ms, late.signal).then(() => false)])
  } finally {
    late.abort()
  }
}
