import { clean, field, isObject, itemsOf, Outage, parseJson } from '@octopus-gateway/discovery-support'
import { pairIn, type Pair } from './range.ts'
import { rangeOf } from './keys.ts'
import type { Cluster } from './cluster.ts'
import type { JsonObject } from '@octopus-gateway/discovery-support'

/** One change. */
export type Change = { readonly put: Pair } | { readonly gone: string }

/** A change as one line of JSON. etcd cuts what is larger than its limit for requests into several. */
const LONGEST_LINE = 32 * 1024 * 1024

/** etcd has forgotten what came after a revision. */
export class Compacted extends Outage {}

/** What changes below the prefixes after a revision, over one stream from the member that answered last. Throws an `Outage`, whatever ends the stream. */
export async function* changesAfter(
  revision: number,
  prefixes: readonly string[],
  { cluster, signal }: { readonly cluster: Cluster; readonly signal: AbortSignal },
): AsyncGenerator<readonly Change[], never> {
  const body = prefixes.map(rangeOf).map(({ key, end }, index) => ({
    create_request: {
      key: key.toString('base64'),
      range_end: end.toString('base64'),
      start_revision: String(revision + 1),
      watch_id: String(index + 1),
      progress_notify: true,
      fragment: true,
    },
  }))
  const { name } = cluster
  for await (const line of cluster.stream({ path: 'watch', body, longest: LONGEST_LINE }, signal)) yield changesIn(resultIn(line, name))
  throw new Outage(`${name} has ended the stream of changes.`)
}

function resultIn(line: string, name: string): JsonObject {
  const message = parseJson(line)
  const [result, error] = [field(message, 'result'), field(message, 'error')]
  if (isObject(error)) throw new Outage(`${name} tells no changes ("${clean(String(error['message']))}").`)
  if (!isObject(result)) throw new Outage(`${name} sent something else than changes ("${clean(line)}").`)
  if (result['canceled'] !== true) return result
  if (Number(result['compact_revision'] ?? 0) > 0) throw new Compacted(`${name} has forgotten what came after.`)
  throw new Outage(`${name} has cancelled the stream of changes ("${clean(String(result['cancel_reason'] ?? 'no reason'))}").`)
}

/** What is put has no `type`. */
function changesIn({ events }: JsonObject): Change[] {
  return itemsOf(events).flatMap((event): Change[] => {
    const pair = pairIn(field(event, 'kv'))
    if (pair === undefined) return []
    return [field(event, 'type') === 'DELETE' ? { gone: pair.key } : { put: pair }]
  })
}
