import { after, rangeOf } from './keys.ts'
import { isObject, type JsonObject } from './json.ts'
import { Outage } from './outage.ts'
import { TooLarge } from './http.ts'
import type { Cluster } from './cluster.ts'

/** A key with its value. Both in Base64, as etcd's JSON has them. */
export interface Pair {
  readonly key: string
  readonly value: string
  /** When it was written, in etcd's counting. */
  readonly revision: number
}

/** Keys of one page. */
const PAGE = 500
/** Bytes of one page: schemas may lie among the instances, of a megabyte and more each. */
const LONGEST_PAGE = 32 * 1024 * 1024

/** Reads all pairs of these prefixes as of one moment, and says its revision. Rejects with an `Outage`. */
export async function readAll(
  cluster: Cluster,
  prefixes: readonly string[],
  { signal, found }: { readonly signal: AbortSignal; readonly found: (pair: Pair) => void },
): Promise<number> {
  let revision: number | undefined
  for (const prefix of prefixes) {
    const { key, end } = rangeOf(prefix)
    let start: Buffer | null = key
    let limit = PAGE
    while (start !== null) {
      const body: JsonObject = {
        key: start.toString('base64'),
        range_end: end.toString('base64'),
        limit: String(limit),
        ...(revision === undefined ? {} : { revision: String(revision) }),
      }
      const answer = await askPage(
        cluster,
        { path: 'kv/range', body, subject: `keys below ${prefix}`, longest: LONGEST_PAGE },
        { limit, signal },
      )
      if (answer === null) {
        limit = Math.ceil(limit / 8)
        continue
      }
      revision ??= revisionIn(answer)
      const pairs = pairsIn(answer)
      for (const pair of pairs) found(pair)
      const last = pairs.at(-1)
      start = answer['more'] === true && last !== undefined ? after(Buffer.from(last.key, 'base64')) : null
    }
  }
  return revision!
}

/** `null` where the page is to be smaller. */
async function askPage(
  cluster: Cluster,
  question: Parameters<Cluster['ask']>[0],
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<JsonObject | null> {
  try {
    return await cluster.ask(question, signal)
  } catch (thrown) {
    if (thrown instanceof TooLarge && limit > 1) return null
    throw thrown
  }
}

/** Reads one key. */
export async function readOne(cluster: Cluster, key: string, signal: AbortSignal): Promise<Pair | undefined> {
  const body = { key: Buffer.from(key).toString('base64') }
  return pairsIn(await cluster.ask({ path: 'kv/range', body, subject: `the key ${key}`, longest: LONGEST_PAGE }, signal))[0]
}

export function revisionIn({ header }: JsonObject): number {
  const revision = isObject(header) ? Number(header['revision']) : Number.NaN
  if (!Number.isSafeInteger(revision)) throw new Outage('etcd answered without a revision; is this etcd 3.4 or newer?')
  return revision
}

function pairsIn({ kvs }: JsonObject): Pair[] {
  return Array.isArray(kvs) ? kvs.flatMap((item: unknown) => pairIn(item) ?? []) : []
}

/** 64-bit numbers are texts in etcd's JSON, and what is empty is left out. */
export function pairIn(item: unknown): Pair | undefined {
  if (!isObject(item) || typeof item['key'] !== 'string') return undefined
  const { value } = item
  return { key: item['key'], value: typeof value === 'string' ? value : '', revision: Number(item['mod_revision']) }
}
