import type { Gateway } from '@octopus-gateway/core'
import type { MetricsSource } from '../options.ts'

/**
 * The gateway's metrics and the extra ones in one text, each ending with a line feed. Rejects when an extra source does: a scrape
 * that fails is seen, a family that is missing is not.
 */
export async function metrics(gateway: Gateway, extra: readonly MetricsSource[]): Promise<Response> {
  const texts = [gateway.metrics.exposition(), ...(await Promise.all(extra.map((source) => source.exposition())))]
  const body = texts.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('')
  return new Response(body, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' } })
}
