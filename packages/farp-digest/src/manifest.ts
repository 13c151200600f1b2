import { Buffer } from 'node:buffer'
import { sha256 } from './sha256.ts'

/** A descriptor as far as the checksum reads it. */
export interface HashedDescriptor {
  readonly type: string
  /** As given: no case change, and empty when missing. */
  readonly hash: string
}

/**
 * A manifest's checksum: SHA-256 over the hashes of its schemas, ordered by type (document order among equals); empty without schemas.
 * It covers the schemas only: routing, auth and status change without changing it.
 */
export function manifestChecksum(schemas: readonly HashedDescriptor[]): string {
  return schemas.length === 0
    ? ''
    : sha256(
        sortByType(schemas)
          .map(({ hash }) => hash)
          .join(''),
      )
}

/** A copy in the order of the types' UTF-8 bytes; document order among equals. */
export function sortByType<T extends HashedDescriptor>(schemas: readonly T[]): T[] {
  return [...schemas].sort((a, b) => Buffer.compare(Buffer.from(a.type), Buffer.from(b.type)))
}
