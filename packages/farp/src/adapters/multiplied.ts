import { SchemaError } from '../schemas/parse.ts'
import type { Limits } from '../limits.ts'

/** Counts the parts of a document as often as they are read. */
export interface Multiplied {
  /** Counts a part once more. Throws `SchemaError` when all of them together are beyond the limits. */
  take(part: unknown): void
}

/**
 * A small document can be a large one: one path item, one server list or one list of requirements may stand, by reference, behind thousands of paths, and
 * everything that is made of them is made for each.
 */
export function multiplied({ nodes }: Pick<Limits, 'nodes'>): Multiplied {
  const sizes = new Map<unknown, number>()
  let left = nodes
  return {
    take(part) {
      const known = sizes.get(part)
      const size = known ?? sizeOf(part, left)
      if (known === undefined) sizes.set(part, size)
      left -= size
      if (left < 0) throw new SchemaError(`it has more than ${nodes} values once its references are followed`)
    },
  }
}

/** The values in a part, or one more than `most`. */
function sizeOf(part: unknown, most: number): number {
  const pending: unknown[] = [part]
  let size = 0
  while (pending.length > 0 && size <= most) {
    const next = pending.pop()
    size += 1
    if (typeof next === 'string') size += next.length >> LETTERS
    if (typeof next !== 'object' || next === null) continue
    for (const [name, child] of Object.entries(next)) {
      size += name.length >> LETTERS
      pending.push(child)
    }
  }
  return size
}

/** A long text counts as a value for every 64 letters. */
const LETTERS = 6
