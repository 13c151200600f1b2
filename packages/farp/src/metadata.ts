/** What a discovery record says about FARP, whatever spelling its registry forced on it. */
export interface Metadata {
  /** The value of a key in its normal form (`farp.openapi.path`), or `undefined`. */
  get(name: string): string | undefined
  /** Whether a key is there and says `true`, `1` or `yes`. */
  is(name: string): boolean
}

/**
 * Reads metadata with all its spellings: letter case, `_`, `-` and `/` do not matter (Consul forbids dots), and `farp.io.` means
 * `farp.`. Where two spellings meet, the one that needed least change wins.
 */
export function readMetadata(raw: Readonly<Record<string, string>>): Metadata {
  const values = new Map<string, string>()
  const names = Object.keys(raw).sort()
  for (const isExact of [true, false]) {
    for (const name of names) {
      const value = raw[name]
      const normal = normalise(name)
      if (typeof value !== 'string' || (normal === name) !== isExact || values.has(normal)) continue
      values.set(normal, value.trim())
    }
  }
  return {
    get: (name) => values.get(name),
    is: (name) => /^(?:true|1|yes)$/i.test(values.get(name) ?? ''),
  }
}

function normalise(name: string): string {
  const dotted = name
    .toLowerCase()
    .replaceAll(/[_/-]/g, '.')
    .replace(/^farp\.meta\./, '')
  return dotted.replace(/^farp\.io\./, 'farp.').replace(/^farp\.manifest\.url$/, 'farp.manifest')
}

/** A capability list in any spelling: `[rest websocket]`, `rest,websocket`, a JSON array. */
export function parseCapabilities(text: string): string[] {
  return text
    .replaceAll(/[[\]"']/g, ' ')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
}

/** Providers whose records are the operator's own word, or say nothing of FARP: they are asked. */
const PROBED: ReadonlySet<string> = new Set(['static', 'file', 'dns', 'seeds'])

/**
 * Whether a record is to be asked for a manifest: `declared` when it says so itself, `probe` when its provider's records are tried,
 * `no` otherwise or when it says `farp.enabled: false`.
 */
export function recognise(metadata: Metadata, provider: string | undefined, probe: boolean | undefined): 'declared' | 'probe' | 'no' {
  const isDeclared =
    metadata.is('farp.enabled') ||
    metadata.get('farp.manifest') !== undefined ||
    metadata.get('schema.manifest') !== undefined ||
    metadata.get('mdns.service.type')?.startsWith('_farp._tcp') === true ||
    parseCapabilities(metadata.get('tags') ?? '').includes('farp')
  if (isDeclared) return 'declared'
  if (metadata.get('farp.enabled') !== undefined) return 'no'
  return (probe ?? PROBED.has(provider ?? '')) ? 'probe' : 'no'
}
