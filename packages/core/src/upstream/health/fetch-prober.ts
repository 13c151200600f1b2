import { DEFAULT_TRANSPORT } from '../transport.ts'
import type { CheckPolicy, CheckType } from './check-settings.ts'
import type { HealthProber, Probe, ProbeResult } from './prober.ts'
import type { Transport } from '../transport.ts'

/** How much of an answer is looked at. */
export const MOST_BODY = 64 * 1024

/** Asks by `fetch`, where there is nothing else: HTTP alone, and upstreams that ask nothing of their transport. */
export class FetchProber implements HealthProber {
  readonly #fetch: typeof globalThis.fetch

  constructor(fetcher: typeof globalThis.fetch) {
    this.#fetch = fetcher
  }

  supports(type: CheckType, transport: Transport): boolean {
    return type === 'http' && transport === DEFAULT_TRANSPORT
  }

  async probe({ endpoint, check }: Probe, signal: AbortSignal): Promise<ProbeResult> {
    const response = await this.#fetch(endpoint.origin + check.path, { redirect: 'manual', signal, headers: { 'user-agent': USER_AGENT } })
    if (check.body === null || response.body === null) {
      await response.body?.cancel()
      return judgeAnswer(check, response.status, null)
    }
    return judgeAnswer(check, response.status, await textOf(response.body))
  }
}

export const USER_AGENT = 'octopus-health-check'

/** Whether an answer is a good one. `text` is its beginning, where that is looked at. */
export function judgeAnswer({ statuses, body }: CheckPolicy, status: number, text: string | null): ProbeResult {
  if (!statuses.some(([first, last]) => status >= first && status <= last)) return { isGood: false, reason: `status ${status}` }
  if (body !== null && text?.includes(body) !== true) return { isGood: false, reason: `status ${status}, and the body lacks the text` }
  return { isGood: true, reason: `status ${status}` }
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  while (size < MOST_BODY) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.length
    text += decoder.decode(value, { stream: true })
  }
  await reader.cancel()
  return text
}
