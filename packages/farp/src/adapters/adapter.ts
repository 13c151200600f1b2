import type { DocumentKind, Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** The language of a schema. */
export type SchemaType = DocumentKind

/** What flows over an operation: decides the `protocol` of its route's `meta`. */
export type OperationProtocol = 'rest' | 'grpc' | 'graphql' | 'websocket' | 'sse'

/** One operation of a schema, before it is mounted. */
export interface SchemaOperation {
  /** As the document has it. */
  readonly path: string
  /** In the gateway's route syntax. */
  readonly pattern: string
  /** Equal for patterns that match the same paths. */
  readonly key: string
  /** Upper case. */
  readonly method: string
  readonly protocol: OperationProtocol
  /** Whether clients cannot put a prefix in front (gRPC): then it is routed at its own path, whatever the mount. */
  readonly isFixed: boolean
  /** The path of a relative server URL: where the service has its API. Empty, or `/api`. */
  readonly serverPrefix: string
  readonly operationId: string | undefined
  readonly summary: string | undefined
  readonly tags: readonly string[]
  readonly deprecated: boolean
  /** The operation's own or the document's. */
  readonly security: readonly unknown[] | undefined
  /** `x-*` members. */
  readonly extensions: JsonObject
}

/** What a document offers. */
export interface AdaptedSchema {
  readonly operations: readonly SchemaOperation[]
  readonly findings: readonly Finding[]
}

/** What an adapter may know beside the document. */
export interface AdapterContext {
  readonly limits: Limits
  /** What the descriptor says under `metadata.<type>`; empty when it says nothing. */
  readonly metadata: JsonObject
  /** The manifest's `endpoints.<type>`. */
  readonly endpoint: string | undefined
}

/** Reads the documents of one schema language and says which routes they make. */
export interface SchemaAdapter {
  /** Bytes as they were served, as plain data. Throws `SchemaError`. */
  read(bytes: Uint8Array, limits: Limits): JsonObject
  /** The same for a document that came inside a manifest. Throws `SchemaError`. */
  check(value: unknown, limits: Limits): JsonObject
  /** Pure: the same document gives the same operations. Throws `SchemaError`. */
  adapt(document: JsonObject, context: AdapterContext): AdaptedSchema
}
