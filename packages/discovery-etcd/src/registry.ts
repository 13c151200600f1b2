import { gunzipSync } from 'node:zlib'
import { instanceIn } from './instance.ts'
import { parseJson } from '@octopus-gateway/discovery-support'
import { shapeOf, type KeyShape } from './keys.ts'
import type { Change } from './changes.ts'
import type { Logger, ServiceInstance, ServiceSet } from '@octopus-gateway/core'
import type { Pair } from './range.ts'

/** Bytes of an instance or a manifest, decompressed: what FARP allows a manifest. */
const LONGEST_VALUE = 1024 * 1024
/** A registry full of something else is said often enough. */
const MOST_WARNINGS = 20

interface Entry {
  readonly shape: KeyShape
  /** Which of the prefixes it is found by: of two entries for one instance the earlier one counts. */
  readonly rank: number
  readonly revision: number
  readonly isCompressed: boolean
  readonly instance: ServiceInstance | null
  readonly manifest: string | null
}

/** What is known of a registry: its entries, and the instances that they make up. */
export class Registry {
  readonly #prefixes: readonly string[]
  readonly #log: Logger
  readonly #entries = new Map<string, Entry>()
  readonly #told: Set<string>

  /** `told` is what the log has been told: all is read anew whenever a stream ends. */
  constructor(prefixes: readonly string[], log: Logger, told: Set<string>) {
    this.#prefixes = prefixes
    this.#log = log
    this.#told = told
  }

  /** Whether any of these changes concerns an instance. */
  apply(changes: readonly Change[]): boolean {
    let hasChanged = false
    for (const change of changes) {
      if ('gone' in change) hasChanged = this.#entries.delete(change.gone) || hasChanged
      else hasChanged = this.put(change.put) || hasChanged
    }
    return hasChanged
  }

  /** Whether this concerns an instance. */
  put(pair: Pair): boolean {
    const before = this.#entries.delete(pair.key)
    const entry = this.#read(pair)
    if (entry !== null) this.#entries.set(pair.key, entry)
    return before || entry !== null
  }

  /** All instances, in a fixed order. */
  instances(): ServiceSet {
    const found = new Map<string, Entry>()
    const manifests = new Map<string, Entry>()
    for (const entry of this.#entries.values()) {
      const { shape, instance } = entry
      if (instance === null) keep(manifests, keyOf(shape.service, shape.id), entry)
      else keep(found, keyOf(instance.service, instance.id), entry)
    }
    const all = [...found].sort(([a], [b]) => (a < b ? -1 : 1))
    return all.map(([key, { shape, instance }]) => {
      const manifest = (manifests.get(key) ?? manifests.get(keyOf(shape.service, shape.id)))?.manifest
      return typeof manifest === 'string' ? { ...instance!, metadata: { ...instance!.metadata, schema_manifest: manifest } } : instance!
    })
  }

  #read({ key, value, revision }: Pair): Entry | null {
    const name = Buffer.from(key, 'base64').toString()
    const prefix = this.#prefixes.filter((one) => name.startsWith(one)).sort((a, b) => b.length - a.length)[0]
    const shape = prefix === undefined ? null : shapeOf(name, prefix)
    if (shape === null) return null
    const text = this.#decode(Buffer.from(value, 'base64'), name)
    if (text === null) return null
    const entry = { shape, rank: this.#prefixes.indexOf(prefix!), revision, isCompressed: name.endsWith('.gz') }
    if (shape.kind === 'manifest') return { ...entry, instance: null, manifest: text }
    const instance = instanceIn(parseJson(text), shape)
    if (instance !== undefined) return { ...entry, instance, manifest: null }
    if (shape.isCertain) this.#warn(name, 'it is no JSON object with an address')
    return null
  }

  #decode(value: Buffer, name: string): string | null {
    const isCompressed = value[0] === 0x1f && value[1] === 0x8b
    try {
      // What a compressed value claims to hold is not believed: it may be a bomb.
      const bytes = isCompressed ? gunzipSync(value, { maxOutputLength: LONGEST_VALUE }) : value
      if (bytes.length <= LONGEST_VALUE) return bytes.toString()
      this.#warn(name, `it is larger than ${LONGEST_VALUE} bytes`)
    } catch (thrown) {
      const isBomb = (thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      this.#warn(name, isBomb ? `it is larger than ${LONGEST_VALUE} bytes` : 'it cannot be decompressed')
    }
    return null
  }

  #warn(key: string, problem: string): void {
    const warning = `${key}\0${problem}`
    if (this.#told.has(warning) || this.#told.size >= MOST_WARNINGS) return
    this.#told.add(warning)
    this.#log.warn('a value in etcd is no instance and is left out', { provider: 'etcd', key: key.slice(0, 200), reason: problem })
  }
}

function keyOf(service: string | undefined, id: string | undefined): string {
  return `${service ?? ''}\0${id ?? ''}`
}

/** Of two entries for one thing the one of the earlier prefix counts, then the newer one, then the compressed one. */
function keep(all: Map<string, Entry>, key: string, entry: Entry): void {
  const other = all.get(key)
  const isBetter =
    other === undefined ||
    entry.rank < other.rank ||
    (entry.rank === other.rank && (entry.revision > other.revision || (entry.revision === other.revision && entry.isCompressed)))
  if (isBetter) all.set(key, entry)
}
