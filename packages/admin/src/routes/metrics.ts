import type { Gateway } from '@octopus-gateway/core'
import type { MetricsSource, WorkersView } from '../options.ts'

/**
 * The gateway's metrics, with those of its workers, and the extra ones in one text, each ending with a line feed. Rejects when an extra source does: a scrape
 * that fails is seen, a family that is missing is not.
 */
export async function metrics(gateway: Gateway, extra: readonly MetricsSource[], workers?: WorkersView): Promise<Response> {
  const own = workers === undefined ? gateway.metrics.exposition() : workers.exposition()
  const texts = [await own, ...(await Promise.all(extra.map((source) => source.exposition())))]
  const body = texts.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('')
  return new Response(body, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' } })
}
