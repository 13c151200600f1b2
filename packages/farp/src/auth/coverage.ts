import { matchesGlob } from '../adapters/globs.ts'

/** How a glob relates to the paths that an operation answers. */
export type Coverage = 'all' | 'some' | 'none'

/** Stands for whatever a parameter may be: no glob can name it, so only a wildcard covers it. */
const ANYTHING = '\uffff'

/**
 * How much of an operation's paths a glob covers. `/users/*` covers all of `/users/{id}`, `/users/me` some of it. In doubt the answer is
 * `some`: a demand then holds, and a grant does not.
 */
export function coverageOf(glob: string, path: string): Coverage {
  if (glob.includes(ANYTHING)) return 'some'
  const opaque = path.replaceAll(/\{[^{}/]*\}/g, ANYTHING)
  if (matchesGlob(glob, opaque)) return 'all'
  if (!opaque.includes(ANYTHING)) return 'none'
  return mayMeet(segmentsOf(glob), segmentsOf(opaque)) ? 'some' : 'none'
}

function segmentsOf(text: string): string[] {
  const inner = text.replace(/^\/+/, '').replace(/\/+$/, '')
  return inner === '' ? [] : inner.split('/')
}

/** Whether there is a path that both fit. Segment by segment: `**` takes any number of them. */
function mayMeet(glob: readonly string[], path: readonly string[]): boolean {
  let row = path.map(() => false).concat(true)
  for (let g = glob.length - 1; g >= 0; g--) {
    const next = row
    row = path.map(() => false).concat(false)
    for (let p = path.length; p >= 0; p--) {
      row[p] = glob[g] === '**' ? next[p]! || (p < path.length && row[p + 1]!) : p < path.length && fits(glob[g]!, path[p]!) && next[p + 1]!
    }
  }
  return row[0]!
}

function fits(glob: string, segment: string): boolean {
  return glob.includes('*') || segment.includes(ANYTHING) || glob === segment
}
