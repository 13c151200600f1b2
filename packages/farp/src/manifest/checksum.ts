import { manifestChecksum, sha256, sortByType } from '@octopus-gateway/farp-digest'
import type { HashedDescriptor } from '@octopus-gateway/farp-digest'

export { manifestChecksum, sha256 } from '@octopus-gateway/farp-digest'
export type { HashedDescriptor } from '@octopus-gateway/farp-digest'

/**
 * Whether a declared checksum fits. The order among schemas of one type is not fixed (Go's sort is not stable), so every order of
 * them counts, up to four of a type.
 */
export function isChecksumOf(declared: string, schemas: readonly HashedDescriptor[]): boolean {
  const wanted = declared.toLowerCase()
  if (manifestChecksum(schemas) === wanted) return true
  const groups = groupsOf(sortByType(schemas))
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
