import { LRUCache } from 'lru-cache'
import { sha256 } from '../manifest/checksum.ts'
import { isHashOf, schemaHash } from './canonical.ts'
import { SchemaError } from './parse.ts'
import type { AdaptedSchema, AdapterContext, SchemaAdapter, SchemaType } from '../adapters/adapter.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { SchemaDescriptor } from '../manifest/manifest.ts'

/** A parsed schema; one object per content, however many instances serve it. */
export interface SchemaContent {
  readonly type: SchemaType
  /** SHA-256 of the canonical form: the identity of the content. */
  readonly hash: string
  readonly document: JsonObject
}

/** A language and who reads it. */
export interface Language {
  readonly type: SchemaType
  readonly adapter: SchemaAdapter
}

/** A schema in use, with what it takes to ask whether it changed. */
export interface LoadedSchema {
  readonly descriptor: SchemaDescriptor
  readonly content: SchemaContent
  /** What it offers. */
  readonly adapted: AdaptedSchema
  /** The hash the descriptor declared, and whether the content fulfils it. */
  readonly declared: string | undefined
  readonly isVerified: boolean
  readonly url: string | undefined
  readonly etag: string | undefined
  /** When it was last seen to be current: Unix milliseconds. */
  readonly seenAt: number
  /** What was noted when it was had: said again as long as a server that described itself is not asked again. */
  readonly noted?: readonly Finding[]
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
  /** What a content offers, by what the adapter was told besides. */
  readonly #adapted = new WeakMap<SchemaContent, Map<string, AdaptedSchema | SchemaError>>()

  /** The last good schema of a service's version. */
  readonly #kept = new LRUCache<string, LoadedSchema>({
    max: 1000,
    maxSize: 67_108_864,
    sizeCalculation: ({ content }) => this.sizeOf(content),
  })
  /** Hashes that a content was found not to have, with the digest of the bytes it came in. */
  readonly #wrong = new WeakMap<SchemaContent, Set<string>>()
  /** Characters or bytes of contents as they came. */
  readonly #sizes = new WeakMap<SchemaContent, number>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Keeps the last good schema of a service's version. */
  keep(shelf: string, schema: LoadedSchema): void {
    this.#kept.set(shelf, schema)
  }

  /** The last good schema of a service's version. */
  kept(shelf: string): LoadedSchema | undefined {
    return this.#kept.get(shelf)
  }

  /** What a content took as it came, in bytes or characters; 1 for what was not read here. */
  sizeOf(content: SchemaContent): number {
    return this.#sizes.get(content) ?? 1
  }

  /** The content of a verified declared hash. */
  verified(type: SchemaType, declared: string): SchemaContent | undefined {
    return this.#entries.get(`declared:${type}:${declared}`)
  }

  /** Remembers that a declared hash was found right. */
  remember(declared: string, content: SchemaContent): void {
    this.#entries.set(`declared:${content.type}:${declared}`, content, { size: this.sizeOf(content) })
  }

  /**
   * Whether a content has the hash that is declared for it. Hashing a large document in every known way takes long, and whoever declares a wrong hash
   * declares it again at every look: each is found wrong once, for what came. The order of members counts in some ways, and a content is shared by
   * whoever has the same members: what is wrong for one of them may be right for another.
   */
  hasHash(declared: string, content: SchemaContent, came: { readonly bytes?: Uint8Array; readonly value: () => unknown }): boolean {
    if (this.verified(content.type, declared) === content) return true
    const wrong = this.#wrong.get(content) ?? new Set<string>()
    const key = `${declared} ${came.bytes === undefined ? `value ${sha256(JSON.stringify(came.value()))}` : sha256(came.bytes)}`
    if (wrong.has(key)) return false
    if (isHashOf(declared, { ...came, value: came.value() })) return true
    // Whoever makes up new ones must not fill the memory.
    if (wrong.size >= 16) wrong.clear()
    this.#wrong.set(content, wrong.add(key))
    return false
  }

  /** Parses bytes, or finds them parsed. Throws `SchemaError`. */
  fromBytes(language: Language, bytes: Uint8Array): SchemaContent {
    const key = `bytes:${language.type}:${sha256(bytes)}`
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const reason = this.#refused.get(key)
    if (reason !== undefined) throw new SchemaError(reason)
    try {
      const content = this.#content(language, language.adapter.read(bytes, this.#limits), bytes.length)
      this.#entries.set(key, content, { size: Math.max(1, bytes.length) })
      return content
    } catch (thrown) {
      if (thrown instanceof SchemaError) this.#refused.set(key, thrown.message)
      throw thrown
    }
  }

  /** Takes a schema that came inside a manifest. Throws `SchemaError`. */
  fromValue(language: Language, value: unknown): SchemaContent {
    const known = typeof value === 'object' && value !== null ? this.#inline.get(value) : undefined
    if (known?.type === language.type) return known
    const document = language.adapter.check(value, this.#limits)
    // What it would be as bytes: whoever makes up new ones must not fill the memory.
    const content = this.#content(language, document, JSON.stringify(value).length)
    if (typeof value === 'object' && value !== null) this.#inline.set(value, content)
    return content
  }

  /** What a content offers. Throws `SchemaError`. */
  adapted({ adapter }: Language, content: SchemaContent, told: Omit<AdapterContext, 'limits'>): AdaptedSchema {
    const adapted = this.#adapted.get(content) ?? new Map<string, AdaptedSchema | SchemaError>()
    this.#adapted.set(content, adapted)
    const key = JSON.stringify([told.metadata, told.endpoint ?? null])
    let offer = adapted.get(key)
    if (offer === undefined) {
      offer = adaptedOrWhyNot(() => adapter.adapt(content.document, { limits: this.#limits, ...told }))
      // Services that share a document differ in few ways; whoever makes up new ones must not fill the memory.
      if (adapted.size >= 16) adapted.clear()
      adapted.set(key, offer)
    }
    if (offer instanceof SchemaError) throw offer
    return offer
  }

  #content({ type }: Language, document: JsonObject, size: number): SchemaContent {
    const hash = schemaHash(document)
    const key = `content:${type}:${hash}`
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const content = { type, hash, document }
    this.#sizes.set(content, Math.max(1, size))
    this.#entries.set(key, content, { size: this.sizeOf(content) })
    return content
  }
}

function adaptedOrWhyNot(adapt: () => AdaptedSchema): AdaptedSchema | SchemaError {
  try {
    return adapt()
  } catch (thrown) {
    if (thrown instanceof SchemaError) return thrown
    throw thrown
  }
}
