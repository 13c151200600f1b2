/** What a key says of its value. */
export interface KeyShape {
  readonly kind: 'instance' | 'manifest'
  readonly service: string | undefined
  readonly id: string | undefined
  /** Whether nothing else than that can be meant. */
  readonly isCertain: boolean
}

/**
 * What is meant to be behind a key: an instance (`<prefix><service>/<id>`, `<prefix><service>`, `…/<service>/instances/<id>/metadata`), or the
 * manifest beside one (`…/<service>/instances/<id>/manifest`), each perhaps compressed under `.gz`. `null` for schemas and the like.
 */
export function shapeOf(key: string, prefix: string): KeyShape | null {
  const named = /(?:^|\/)([^/]+)\/instances\/([^/]+)\/(metadata|manifest)(?:\.gz)?$/.exec(key)
  if (named !== null) return { kind: named[3] === 'manifest' ? 'manifest' : 'instance', service: named[1], id: named[2], isCertain: true }
  const segments = key.slice(prefix.length).replace(/\.gz$/, '').split('/')
  if (segments.includes('') || segments.includes('schemas')) return null
  const [service, id] = segments
  if (segments.length > 2) return { kind: 'instance', service: undefined, id: segments.at(-1), isCertain: false }
  return { kind: 'instance', service, id, isCertain: true }
}

/** Prefixes without those that lie within another one. */
export function outermost(prefixes: readonly string[]): readonly string[] {
  const all = [...new Set(prefixes)]
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)))
}

/** All keys that begin with a prefix, in the bytes of etcd's API. */
export function rangeOf(prefix: string): { readonly key: Buffer; readonly end: Buffer } {
  const key = Buffer.from(prefix)
  const end = Buffer.from(prefix)
  // The last byte of UTF-8 is never 0xff.
  end[end.length - 1]! += 1
  return { key, end }
}

/** The first key after this one. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)])
}
