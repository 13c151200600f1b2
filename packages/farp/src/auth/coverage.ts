import { matchesParts, partsOf } from '../adapters/globs.ts'

/** How a glob relates to the paths that an operation answers. */
export type Coverage = 'all' | 'some' | 'none'

/** Stands for whatever a parameter may be: no glob can name it, so only a wildcard covers it. */
const ANYTHING = '\uffff'
/** Longer ones are not looked into: thousands of them come from the network at once. */
const MAX_GLOB_PARTS = 16
const MAX_PATH_PARTS = 48
const MAX_DEEP = 2

/** A path or a glob, taken apart once for many comparisons. */
export interface Parts {
  readonly list: readonly string[]
  /** Which of them may be anything. */
  readonly wild: readonly boolean[]
  /** Too long, or holds what stands for parameters: nothing is certain about it. */
  readonly isUnclear: boolean
  /** Of a path: it has parameters. Of a glob: it has wildcards. */
  readonly isOpen: boolean
}

/** Takes a glob apart. */
export function globParts(glob: string): Parts {
  const list = partsOf(glob)
  const deep = list.filter((part) => part === '**').length
  const isUnclear = list.length > MAX_GLOB_PARTS || deep > MAX_DEEP || glob.includes(ANYTHING)
  return { list, wild: list.map((part) => part.includes('*')), isUnclear, isOpen: glob.includes('*') }
}

/** Takes the path of an operation apart. */
export function pathParts(path: string): Parts {
  const opaque = path.replaceAll(/\{[^{}/]*\}/g, ANYTHING)
  const list = partsOf(opaque)
  const wild = list.map((part) => part.includes(ANYTHING))
  return { list, wild, isUnclear: list.length > MAX_PATH_PARTS, isOpen: opaque.includes(ANYTHING) }
}

/**
 * How much of an operation's paths a glob covers. `/users/*` covers all of `/users/{id}`, `/users/me` some of it. In doubt the answer is
 * `some`: a demand then holds, and a grant does not.
 */
export function coverageOf(glob: Parts, path: Parts): Coverage {
  // The usual case: they begin with different names.
  if (glob.list.length > 0 && path.list.length > 0 && !fits(glob, 0, path, 0)) return 'none'
  if (glob.isUnclear || path.isUnclear) return 'some'
  if (matchesParts(glob.list, path.list)) return 'all'
  return path.isOpen && mayMeet(glob, path) ? 'some' : 'none'
}

/** Whether there is a path that both fit. Segment by segment: `**` takes any number of them. */
function mayMeet(glob: Parts, path: Parts): boolean {
  const { length } = path.list
  if (!glob.list.includes('**')) return glob.list.length === length && glob.list.every((_, index) => fits(glob, index, path, index))
  // What is left of the glob against what is left of the path, from the end.
  let next = new Uint8Array(length + 1)
  let row = new Uint8Array(length + 1)
  next[length] = 1
  for (let g = glob.list.length - 1; g >= 0; g--) {
    const isDeep = glob.list[g] === '**'
    row[length] = isDeep ? next[length]! : 0
    for (let p = length - 1; p >= 0; p--) row[p] = isDeep ? next[p]! | row[p + 1]! : fits(glob, g, path, p) ? next[p + 1]! : 0
    ;[next, row] = [row, next]
  }
  return next[0] === 1
}

function fits(glob: Parts, g: number, path: Parts, p: number): boolean {
  return glob.wild[g]! || path.wild[p]! || glob.list[g] === path.list[p]
}
