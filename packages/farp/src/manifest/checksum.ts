import { createHash } from 'node:crypto'

/** A descriptor as far as the checksum reads it. */
export interface HashedDescriptor {
  readonly type: string
  /** As given: no case change, and empty when missing. */
  readonly hash: string
}

/** SHA-256 of a text or bytes in lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * A manifest's checksum: SHA-256 over the hashes of its schemas, ordered by type (document order among equals); empty without schemas.
 * It covers the schemas only: routing, auth and status change without changing it.
 */
export function manifestChecksum(schemas: readonly HashedDescriptor[]): string {
  return schemas.length === 0 ? '' : digest(byType(schemas))
}

/**
 * Whether a declared checksum fits. The order among schemas of one type is not fixed (Go's sort is not stable), so every order of
 * them counts, up to four of a type.
 */
export function isChecksumOf(declared: string, schemas: readonly HashedDescriptor[]): boolean {
  const wanted = declared.toLowerCase()
  if (manifestChecksum(schemas) === wanted) return true
  const groups = groupsOf(byType(schemas))
  // A service with more schemas of equal types has no honest reason to reorder them, and every order costs a digest.
  const count = groups.reduce((product, { length }) => product * (FACTORIAL[length] ?? Infinity), 1)
  return count > 1 && count <= 576 && orders(groups).some((order) => digest(order) === wanted)
}

const FACTORIAL: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 6, 4: 24 }

function groupsOf(sorted: readonly HashedDescriptor[]): HashedDescriptor[][] {
  const groups = new Map<string, HashedDescriptor[]>()
  for (const item of sorted) groups.set(item.type, [...(groups.get(item.type) ?? []), item])
  return [...groups.values()]
}

function digest(schemas: readonly HashedDescriptor[]): string {
  return sha256(schemas.map(({ hash }) => hash).join(''))
}

function byType(schemas: readonly HashedDescriptor[]): HashedDescriptor[] {
  return [...schemas].sort((a, b) => Buffer.compare(Buffer.from(a.type), Buffer.from(b.type)))
}

function orders(groups: readonly (readonly HashedDescriptor[])[]): HashedDescriptor[][] {
  return groups.reduce<HashedDescriptor[][]>(
    (found, group) => found.flatMap((head) => permutations(group).map((tail) => [...head, ...tail])),
    [[]],
  )
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}
