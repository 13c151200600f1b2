import { addVary } from '../vary.ts'
import { DEFAULT_TYPES, mediaTypes, TYPE_PATTERN } from './media-types.ts'
import { accepting } from '../schema.ts'
import { definePlugin } from '../../plugin/define.ts'
import { negotiate } from './negotiate.ts'
import * as v from 'valibot'
import type { Coding, ContentCoding, ResponseHead } from '../../exchange/head.ts'
import type { HeaderList } from '../../headers.ts'
import type { Hooks, PluginFactory } from '../../plugin/plugin.ts'
import type { RequestContext } from '../../exchange/context.ts'
import type { StandardSchemaV1 } from '../../plugin/standard-schema.ts'

/** Options of `compression`. */
export interface CompressionOptions {
  /** The best first, where a client likes them equally; what the runtime lacks is passed over. Default `['br', 'zstd', 'gzip']`. */
  readonly algorithms?: readonly ContentCoding[] | undefined
  /** Bytes; a body that is declared shorter stays as it is. Default 1 KiB. */
  readonly minSize?: number | undefined
  /** From 1, fastest, to 9, smallest. Default 4. Runtimes without `node:zlib` choose themselves. */
  readonly level?: number | undefined
  /** Media types, with `*` for a type, a subtype or its beginning. Default: text, JSON, JavaScript, XML, SVG, WebAssembly and YAML. */
  readonly types?: readonly string[] | undefined
}

interface Settings {
  readonly algorithms: readonly ContentCoding[]
  readonly minSize: number
  readonly level: number
  readonly types: readonly string[]
}

const options = v.strictObject({
  algorithms: v.optional(v.pipe(v.array(v.picklist(['br', 'zstd', 'gzip'])), v.minLength(1, 'The list is empty: name an algorithm.')), [
    'br',
    'zstd',
    'gzip',
  ]),
  minSize: v.optional(v.pipe(v.number(), v.minValue(0)), 1024),
  level: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9)), 4),
  types: v.optional(v.array(v.pipe(v.string(), v.regex(TYPE_PATTERN, 'Not a media type: write text/html or text/*.'))), [...DEFAULT_TYPES]),
})

/**
 * Compresses bodies that become smaller by it, while they stream. Left alone are event streams, bodies that are coded already, parts (206),
 * what says `no-transform`, and everything but plain HTTP. An answer that mixes secrets with what a client sends should not be compressed
 * (BREACH): leave its media type out, or let it say `Cache-Control: no-transform`.
 */
export const compression: PluginFactory<StandardSchemaV1<CompressionOptions | undefined, Settings>> = definePlugin({
  name: 'compression',
  version: '1.0.0',
  config: accepting<CompressionOptions, Settings>(v.optional(options, {})),
  setup: compressor,
})

function compressor({ algorithms, minSize, level, types }: Settings): Hooks {
  const isListed = mediaTypes(types)
  const codings: Readonly<Record<ContentCoding, Coding>> = {
    br: { name: 'br', level },
    zstd: { name: 'zstd', level },
    gzip: { name: 'gzip', level },
  }
  /** What the lane can do; lanes give the same list again and again. */
  let offered: { readonly by: readonly ContentCoding[]; readonly list: readonly ContentCoding[] } = { by: [], list: [] }
  const offeredBy = (by: readonly ContentCoding[]): readonly ContentCoding[] => {
    if (offered.by !== by) offered = { by, list: algorithms.filter((name) => by.includes(name)) }
    return offered.list
  }
  return {
    transform(ctx, head) {
      const list = offeredBy(ctx.codings)
      if (list.length === 0) return undefined
      if (head.status === 304) return weakenConfirmed(ctx, head)
      if (!hasPlainBody(head, minSize) || !isListed(head.headers.get('content-type') ?? '')) return undefined
      addVary(head.headers, 'Accept-Encoding')
      if (ctx.request.method === 'HEAD') return undefined
      const name = negotiate(ctx.request.headers.getAll('accept-encoding'), list)
      if (name === null) return undefined
      describe(head.headers, name)
      return codings[name]
    },
  }
}

const NO_TRANSFORM = /(?:^|[,\s])no-transform(?:$|[,\s])/i

/** Whether there is a body that may be coded. */
function hasPlainBody({ status, headers }: ResponseHead, minSize: number): boolean {
  if (status < 200 || status === 204 || status === 205 || status === 206) return false
  const coding = headers.get('content-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'identity') return false
  if (headers.has('content-range')) return false
  const length = headers.get('content-length')
  if (length !== undefined && Number(length) < minSize) return false
  const type = headers.get('content-type')
  if (type === undefined || /^text\/event-stream[ \t]*(?:;|$)/i.test(type)) return false
  const cache = headers.getAll('cache-control')
  return cache === undefined || !NO_TRANSFORM.test(cache)
}

/** Makes a head tell of the coded body: another representation than the upstream's (RFC 9110, section 8). */
function describe(headers: HeaderList, coding: ContentCoding): void {
  headers.set('content-encoding', coding)
  headers.delete('content-length')
  // Ranges and digests are over the bytes of the upstream (RFC 9110, section 14.3; RFC 9530).
  for (const name of ['accept-ranges', 'content-md5', 'digest', 'content-digest', 'repr-digest']) headers.delete(name)
  weaken(headers)
}

/** The bytes differ from those that the tag was made for; what they mean does not (RFC 9110, section 8.8.1). */
function weaken(headers: HeaderList): void {
  const tag = headers.get('etag')
  if (tag !== undefined && !tag.startsWith('W/')) headers.set('etag', `W/${tag}`)
}

/** A 304 confirms the tag that its client has: the one that was made weak (RFC 9111, section 4.3.4). */
function weakenConfirmed(ctx: RequestContext, { headers }: ResponseHead): undefined {
  const tag = headers.get('etag')
  if (tag === undefined || tag.startsWith('W/') || ctx.request.headers.getAll('if-none-match')?.includes(`W/${tag}`) !== true) return
  weaken(headers)
  addVary(headers, 'Accept-Encoding')
}
