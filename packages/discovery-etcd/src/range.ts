import { after, rangeOf } from './keys.ts'
import { field, isObject, itemsOf, Outage, textOf, TooLarge } from '@octopus-gateway/discovery-support'
import type { Cluster } from './cluster.ts'
import type { JsonObject } from '@octopus-gateway/discovery-support'

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
    const subject = `keys below ${prefix}`
    let start: Buffer | null = key
    let limit = PAGE
    while (start !== null) {
      const from = { key: start.toString('base64'), range_end: end.toString('base64'), limit: String(limit) }
      const body: JsonObject = revision === undefined ? from : { ...from, revision: String(revision) }
      try {
        const answer = await cluster.ask({ path: 'kv/range', body, subject, longest: LONGEST_PAGE }, signal)
        revision ??= revisionIn(answer)
        const pairs = pairsIn(answer)
        for (const pair of pairs) found(pair)
        const last = pairs.at(-1)
        start = answer['more'] === true && last !== undefined ? after(Buffer.from(last.key, 'base64')) : null
      } catch (thrown) {
        if (!(thrown instanceof TooLarge) || limit === 1) throw thrown
        limit = Math.ceil(limit / 8)
      }
    }
  }
  return revision!
}

/** Reads one key. */
export async function readOne(cluster: Cluster, key: string, signal: AbortSignal): Promise<Pair | undefined> {
  const body = { key: Buffer.from(key).toString('base64') }
  return pairsIn(await cluster.ask({ path: 'kv/range', body, subject: `the key ${key}`, longest: LONGEST_PAGE }, signal))[0]
}

function revisionIn({ header }: JsonObject): number {
  const revision = Number(field(header, 'revision') ?? Number.NaN)
  if (!Number.isSafeInteger(revision)) throw new Outage('etcd answered without a revision; is this etcd 3.4 or newer?')
  return revision
}

function pairsIn({ kvs }: JsonObject): Pair[] {
  return itemsOf(kvs).flatMap((item) => pairIn(item) ?? [])
}

/** 64-bit numbers are texts in etcd's JSON, and what is empty is left out. */
export function pairIn(item: unknown): Pair | undefined {
  if (!isObject(item) || typeof item['key'] !== 'string') return undefined
  return { key: item['key'], value: textOf(item['value']) ?? '', revision: Number(item['mod_revision']) }
}
