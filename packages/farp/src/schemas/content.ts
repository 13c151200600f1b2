import { LRUCache } from 'lru-cache'
import { adaptOpenApi } from '../adapters/openapi.ts'
import { sha256 } from '../manifest/checksum.ts'
import { schemaHash } from './canonical.ts'
import { checkSchemaValue, parseSchema, SchemaError } from './parse.ts'
import type { AdaptedOpenApi } from '../adapters/openapi.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** A parsed schema; one object per content, however many instances serve it. */
export interface SchemaContent {
  /** SHA-256 of the canonical form: the identity of the content. */
  readonly hash: string
  readonly document: JsonObject
  readonly adapted: AdaptedOpenApi
}

/**
 * Parsed schemas by what identifies their bytes: a digest that was computed here, or a declared hash that the bytes fulfilled. A hash that
 * was only declared is never a key, or one service could put its document in another's place.
 */
export class SchemaCache {
  readonly #limits: Limits
  readonly #entries = new LRUCache<string, SchemaContent>({ maxSize: 33_554_432 })
  /** Why bytes were refused: a broken document is asked for again and again, and reading it costs as much as a good one. */
  readonly #refused = new LRUCache<string, string>({ max: 1000 })
  readonly #inline = new WeakMap<object, SchemaContent>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** The content of a verified declared hash. */
  verified(declared: string): SchemaContent | undefined {
    return this.#entries.get(`declared:${declared}`)
  }

  /** Remembers that a declared hash was found right. */
  remember(declared: string, content: SchemaContent, size: number): void {
    this.#entries.set(`declared:${declared}`, content, { size: Math.max(1, size) })
  }

  /** Parses bytes, or finds them parsed. Throws `SchemaError`. */
  fromBytes(bytes: Uint8Array): SchemaContent {
    const key = `bytes:${sha256(bytes)}`
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const reason = this.#refused.get(key)
    if (reason !== undefined) throw new SchemaError(reason)
    try {
      const content = this.#content(parseSchema(bytes, this.#limits), bytes.length)
      this.#entries.set(key, content, { size: Math.max(1, bytes.length) })
      return content
    } catch (thrown) {
      if (thrown instanceof SchemaError) this.#refused.set(key, thrown.message)
      throw thrown
    }
  }

  /** Takes a schema that came inside a manifest. Throws `SchemaError`. */
  fromValue(value: unknown): SchemaContent {
    const known = typeof value === 'object' && value !== null ? this.#inline.get(value) : undefined
    if (known !== undefined) return known
    const document = checkSchemaValue(value, this.#limits)
    const content = this.#content(document, 1024)
    this.#inline.set(document, content)
    return content
  }

  #content(document: JsonObject, size: number): SchemaContent {
    const hash = schemaHash(document)
    const key = `content:${hash}`
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const content = { hash, document, adapted: adaptOpenApi(document, this.#limits) }
    this.#entries.set(key, content, { size: Math.max(1, size) })
    return content
  }
}
