import { PublishedKey, objectionToKey } from './key.ts'
import type { Algorithm } from '../algorithms.ts'
import type { JWK } from 'jose'
import type { TokenHeader } from '../token/header.ts'

/** The keys of a key set document (RFC 7517, section 5) that can be used. */
export class KeySet {
  readonly keys: readonly PublishedKey[]
  /** Why the others cannot. */
  readonly objections: readonly string[]

  private constructor(keys: readonly PublishedKey[], objections: readonly string[]) {
    this.keys = keys
    this.objections = objections
  }

  /**
   * Reads a document. Keys that were in the set before stay the same objects, so that tokens they have signed need no new look; keys that
   * are gone are withdrawn. Throws, and withdraws nothing, when the document is no key set.
   */
  static read(document: unknown, most: number, before: KeySet | null): KeySet {
    const entries = entriesOf(document)
    if (entries.length > most) throw new Error(`the key set has ${entries.length} keys, more than ${most}`)
    const known = new Map(before?.keys.map((key) => [key.material, key]))
    const keys = new Map<string, PublishedKey>()
    const objections: string[] = []
    for (const [index, entry] of entries.entries()) {
      const objection = objectionToKey(entry)
      if (objection !== undefined) {
        objections.push(`keys[${index}]: ${objection}`)
        continue
      }
      const key = new PublishedKey(entry as unknown as JWK)
      keys.set(key.material, known.get(key.material) ?? key)
    }
    for (const key of known.values()) if (!keys.has(key.material)) key.isTrusted = false
    return new KeySet([...keys.values()], objections)
  }

  /** The keys that may have signed a token with this header. A token that names a key is only for that one. */
  find({ kid }: TokenHeader, algorithm: Algorithm): readonly PublishedKey[] {
    return this.keys.filter((key) => key.fits(algorithm) && (kid === undefined || key.kid === kid))
  }
}

function entriesOf(document: unknown): readonly Readonly<Record<string, unknown>>[] {
  const keys = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'object' && key !== null)) {
    throw new Error('the document is not a key set: an object with "keys", a list of keys (RFC 7517, section 5)')
  }
  return keys as Readonly<Record<string, unknown>>[]
}
