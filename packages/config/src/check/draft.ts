import type { Config } from '../schema/root.ts'
import type { Path } from '../tree/node.ts'

type Deep<T> = T extends readonly (infer Item)[]
  ? readonly (Deep<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Deep<T[K]> | undefined }
    : T

/** A configuration of which parts may have been refused: those are missing, everything else is valid. */
export type Draft = Deep<Config>

/** Takes away what was refused, so that the rest can still be checked and all problems come in one report. Indexes stay. */
export function draftOf(output: unknown, refused: readonly Path[]): Draft {
  for (const path of refused) {
    let parent: unknown = output
    for (const step of path.slice(0, -1)) parent = isContainer(parent) ? parent[step] : undefined
    const last = path.at(-1)
    if (last !== undefined && isContainer(parent)) parent[last] = undefined
  }
  return isContainer(output) ? (output as Draft) : {}
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null
}
