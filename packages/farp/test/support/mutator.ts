/** A service to mutate: its manifest, and its documents by path. */
export interface Seed {
  readonly manifest: Readonly<Record<string, unknown>>
  readonly documents: ReadonlyMap<string, unknown>
}

/** What a mutated service serves. */
interface Mutant {
  readonly manifest: Uint8Array
  readonly documents: ReadonlyMap<string, Uint8Array>
}

const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  '..',
  '/../../etc',
  '/_farp/v1',
  '/_/routes',
  '//evil.test/x',
  'http://169.254.169.254/latest',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '%2e%2e%2f',
  '{x}',
  '{x',
  '*',
  '/svc1/x',
  ':id',
  'a'.repeat(5_000),
  [],
  {},
  [[]],
  ['GET', 7, null],
  { $ref: '#' },
  { $ref: '#/components/schemas/A' },
  { $ref: '#/paths/~1a' },
  { type: 'object', properties: { polluted: { default: true } } },
  '(a+)+$',
  '#/definitions/A',
]
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  '/',
  '/../x',
  '/_farp/x',
  'x-y',
  '$ref',
  'get',
  'type',
  'a'.repeat(300),
]
const SNIPPETS = ['\u0000', '"', '{', '}', '[', '\\', 'ÿ', '\n', '- &a [*a,*a]\n', '<<: *a\n', '1e999', '{"__proto__":{"polluted":true}}']

/** Mutates the same way for the same seed. */
export function mutator(seed: number): {
  service(seeds: readonly Seed[], how: { readonly name: string; readonly pinned: boolean }): Mutant
} {
  // Mulberry32.
  const random = (): number => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (count: number): number => Math.floor(random() * count)
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!

  /** Every object and list in a value. */
  const containers = (value: unknown, found: object[] = []): object[] => {
    if (typeof value !== 'object' || value === null) return found
    found.push(value)
    for (const item of Object.values(value)) containers(item, found)
    return found
  }

  const nested = (depth: number): unknown => {
    let value: unknown = 'deep'
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
    return value
  }

  const define = (target: object, key: string, value: unknown): void =>
    void Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })

  /** Changes one place of a value: takes it away, puts something else there, doubles it, moves it, or writes a new one. */
  const change = (root: unknown): void => {
    const all = containers(root)
    if (all.length === 0) return
    const target = one(all)
    const keys = Object.keys(target)
    const key = keys.length === 0 ? one(KEYS) : one(keys)
    const value = (target as Record<string, unknown>)[key]
    switch (below(8)) {
      case 0:
        return void Reflect.deleteProperty(target, key)
      case 1:
        return define(target, key, one(NASTY))
      case 2:
        return define(target, Array.isArray(target) ? String(keys.length) : one(KEYS), structuredClone(value))
      case 3:
        return define(target, Array.isArray(target) ? String(keys.length) : one(KEYS), one(NASTY))
      case 4:
        return define(target, key, nested(one([3, 60, 200])))
      case 5:
        return typeof value === 'string'
          ? define(target, key, value.slice(0, below(value.length + 1)) + String(one(NASTY) ?? ''))
          : undefined
      case 6:
        return define(target, key, structuredClone(one(all)))
      default:
        return typeof value === 'number' ? define(target, key, one([-value, value * 1e9, Number.MAX_SAFE_INTEGER, 0.5])) : undefined
    }
  }

  const broken = (text: string): string => {
    if (random() > 0.06) return text
    const at = below(text.length)
    return below(2) === 0 ? text.slice(0, at) + one(SNIPPETS) + text.slice(at) : text.slice(0, at)
  }

  const bytesOf = (value: unknown): Uint8Array => {
    const bytes = Buffer.from(broken(JSON.stringify(value) ?? 'null'))
    if (random() < 0.01 && bytes.length > 0) bytes[below(bytes.length)] = 0xff
    return bytes
  }

  return {
    service(seeds, { name, pinned }) {
      const seedOne = one(seeds)
      const manifest = structuredClone(seedOne.manifest) as Record<string, unknown>
      for (let i = below(5); i > 0; i--) change(manifest)
      // Services mount by the name in their manifest.
      if (pinned || random() < 0.95) manifest['service_name'] = name
      if (random() < 0.9) manifest['version'] = '1.0.0'
      if (pinned) manifest['routing'] = { strategy: 'service' }
      if (random() < 0.9) delete manifest['checksum']
      const documents = new Map<string, Uint8Array>()
      for (const [path, document] of seedOne.documents) {
        if (document instanceof Uint8Array) {
          const bytes = Uint8Array.from(document)
          for (let i = below(4); i > 0; i--) bytes[below(bytes.length)] = below(256)
          documents.set(path, bytes)
          continue
        }
        const copy: unknown = structuredClone(document)
        for (let i = below(6); i > 0; i--) change(copy)
        documents.set(path, typeof copy === 'string' ? Buffer.from(broken(copy)) : bytesOf(copy))
      }
      return { manifest: pinned ? Buffer.from(JSON.stringify(manifest)) : bytesOf(manifest), documents }
    },
  }
}
