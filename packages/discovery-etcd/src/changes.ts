import { isObject, parseJson, type JsonObject } from './json.ts'
import { clean, Outage } from './outage.ts'
import { pairIn, type Pair } from './range.ts'
import { rangeOf } from './keys.ts'
import { stream } from './http.ts'
import type { Cluster } from './cluster.ts'

/** One change. */
export type Change = { readonly put: Pair } | { readonly gone: string }

export interface Following {
  readonly prefixes: readonly string[]
  /** What is known already. */
  readonly revision: number
  readonly signal: AbortSignal
  /** Called with what changed in one go. */
  changed(changes: readonly Change[]): void
}

/** A change as one line of JSON. etcd cuts what is larger than its limit for requests into several. */
const LONGEST_LINE = 32 * 1024 * 1024
/** etcd says every ten minutes or so that nothing has changed. Milliseconds. */
const SILENCE_MS = 25 * 60_000

/**
 * Tells what changes below the prefixes, over one stream from the member that answered last. Resolves when etcd has forgotten what came after
 * `revision`, rejects with an `Outage` when the stream ends.
 */
export async function follow(cluster: Cluster, { prefixes, revision, signal, changed }: Following): Promise<void> {
  const { current, token } = cluster
  const creates = prefixes.map((prefix, index) => {
    const { key, end } = rangeOf(prefix)
    return {
      create_request: {
        key: key.toString('base64'),
        range_end: end.toString('base64'),
        start_revision: String(revision + 1),
        watch_id: String(index + 1),
        progress_notify: true,
        fragment: true,
      },
    }
  })
  try {
    await stream(current, {
      path: '/v3/watch',
      body: creates.map((create) => JSON.stringify(create)).join('\n'),
      token,
      signal,
      longest: LONGEST_LINE,
      silence: SILENCE_MS,
      line(text) {
        const changes = changesIn(resultIn(text, current.origin))
        if (changes.length > 0) changed(changes)
      },
    })
  } catch (thrown) {
    if (thrown instanceof Compacted) return
    throw thrown
  }
  throw new Outage(`etcd at ${current.origin} has ended the stream of changes.`)
}

class Compacted extends Outage {}

function resultIn(line: string, origin: string): JsonObject {
  const message = parseJson(line)
  if (!isObject(message)) throw new Outage(`etcd at ${origin} sent a change that is not JSON ("${clean(line)}").`)
  const { result, error } = message
  if (isObject(error)) throw new Outage(`etcd at ${origin} tells no changes ("${clean(String(error['message']))}").`)
  if (!isObject(result)) throw new Outage(`etcd at ${origin} sent something else than changes ("${clean(line)}").`)
  if (result['canceled'] !== true) return result
  if (Number(result['compact_revision'] ?? 0) > 0) throw new Compacted(`etcd at ${origin} has forgotten what came after.`)
  throw new Outage(`etcd at ${origin} has cancelled the stream of changes ("${clean(String(result['cancel_reason'] ?? 'no reason'))}").`)
}

/** What is put has no `type`. */
function changesIn({ events }: JsonObject): Change[] {
  if (!Array.isArray(events)) return []
  return events.flatMap((event: unknown): Change[] => {
    const pair = isObject(event) ? pairIn(event['kv']) : undefined
    if (pair === undefined) return []
    return [isObject(event) && event['type'] === 'DELETE' ? { gone: pair.key } : { put: pair }]
  })
}
