import { Lazy } from './source.ts'
import { schemaDocument } from './document.ts'
import type { SchemaDocument } from './document.ts'
import type { SchemaType } from '../manifest/manifest.ts'
import type { Source } from './source.ts'

/** What a service can be described by. Each is made when a gateway first asks, once until `update`. */
export interface SchemaSources {
  /** An OpenAPI document: an object, a JSON or YAML text, or what makes one (`() => app.swagger()`). YAML needs the package `yaml`. */
  readonly openapi?: Source<object | string>
  /** An AsyncAPI document, likewise. */
  readonly asyncapi?: Source<object | string>
  /** GraphQL SDL, or the result of an introspection. */
  readonly graphql?: Source<object | string>
  /** A `FileDescriptorSet`: its bytes, or its JSON form. */
  readonly grpc?: Source<object | Uint8Array>
  /** An oRPC document. */
  readonly orpc?: Source<object | string>
}

export const SCHEMA_TYPES: readonly SchemaType[] = ['openapi', 'asyncapi', 'grpc', 'graphql', 'orpc']

/** The schemas of a service. */
export class Schemas {
  readonly #sources = new Map<SchemaType, Lazy<SchemaDocument>>()

  constructor(sources: SchemaSources) {
    for (const type of SCHEMA_TYPES) {
      const source: Source<object | string | Uint8Array> | undefined = sources[type]
      if (source === undefined) continue
      const given = new Lazy(source)
      this.#sources.set(type, new Lazy(async () => schemaDocument(type, await given.get())))
    }
  }

  get types(): readonly SchemaType[] {
    return [...this.#sources.keys()]
  }

  /** All of them, in a fixed order. Rejects when one cannot be made. */
  all(): Promise<readonly SchemaDocument[]> {
    return Promise.all([...this.#sources.values()].map((lazy) => lazy.get()))
  }

  async one(type: string): Promise<SchemaDocument | undefined> {
    return this.#sources.get(type as SchemaType)?.get()
  }
}
