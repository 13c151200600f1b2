import { mountFor, offersOf } from '../../source/routes.ts'
import { mountPath } from '../../mount.ts'
import { sha256 } from '../../manifest/checksum.ts'
import type { Generation } from '../../source/routes.ts'
import type { JsonObject } from '../../json.ts'
import type { SchemaOperation, SchemaType } from '../../adapters/adapter.ts'
import type { Settings } from '../../options.ts'

/** One operation of a contract, and where clients find it. */
export interface ContractOperation {
  readonly kind: SchemaType | undefined
  readonly operation: SchemaOperation
}

/** One schema of a contract. */
export interface ContractSchema {
  readonly kind: SchemaType
  readonly hash: string
  /** `undefined` when it was too large to be kept. */
  readonly document: JsonObject | undefined
}

/** What a generation promises its clients: what it can be asked for, where, and what goes in and out. */
export interface Contract {
  /** Equal for generations that promise the same. */
  readonly digest: string
  readonly generation: string
  readonly version: string
  /** Of the manifest. */
  readonly checksum: string
  /** By host, method and mounted path without parameter names. */
  readonly operations: ReadonlyMap<string, ContractOperation>
  readonly schemas: readonly ContractSchema[]
}

const PROMISED: ReadonlySet<SchemaType> = new Set(['openapi', 'asyncapi', 'grpc', 'graphql', 'orpc'])

/** Whether all that clients are promised could be read. A schema that cannot be had is not one that the service took back. */
export function isWhole({ sample }: Generation): boolean {
  const loaded = new Set(sample.schemas.map(({ descriptor }) => descriptor))
  return sample.manifest.schemas.every((descriptor) => loaded.has(descriptor) || !PROMISED.has(descriptor.type))
}

/** The contract of a generation, as it is mounted. */
export function contractOf(generation: Generation, settings: Settings): Contract {
  const { sample } = generation
  const operations = new Map<string, ContractOperation>()
  for (const offer of offersOf(generation, settings)) {
    for (const operation of offer.operations) operations.set(keyOf(generation, operation), { kind: offer.schema?.content.type, operation })
  }
  const schemas = sample.schemas.map(({ content: { type, hash, document } }) => ({ kind: type, hash, document }))
  const identity = [[...operations.keys()].sort(), schemas.map(({ kind, hash }) => `${kind} ${hash}`)]
  return {
    digest: sha256(JSON.stringify(identity)).slice(0, 16),
    generation: generation.id,
    version: sample.manifest.serviceVersion,
    checksum: sample.manifest.checksum,
    operations,
    schemas,
  }
}

/** Where clients find an operation: equal for those that answer the same requests. */
export function keyOf({ placement }: Generation, operation: SchemaOperation): string {
  const mount = mountFor(operation, placement.mount)
  return `${operation.method} ${mount.host ?? ''}${mountPath(mount, operation.key)}`
}
