import { pathOf } from '../../routing/normalize.ts'
import type { RequestHead } from '../../exchange/head.ts'

/** What is wrong with an entry of `skipPaths`, or `undefined`. */
export function skipPathProblem(entry: string): string | undefined {
  const path = entry.endsWith('/*') ? entry.slice(0, -1) : entry
  if (path.startsWith('/') && !path.includes('*') && !path.includes('?') && pathOf(path) !== null) return undefined
  return `"${entry}" is not a path: write /status, or /public/* for everything below it, percent-encoded where it must be.`
}

/** Whether the path of a request, as it was sent, is one of these. Another spelling of the same path is not: it must authenticate. */
export function skipPaths(entries: readonly string[]): (request: Readonly<RequestHead>) => boolean {
  const exact = new Set(entries.filter((entry) => !entry.endsWith('/*')))
  const below = entries.filter((entry) => entry.endsWith('/*')).map((entry) => entry.slice(0, -1))
  if (entries.length === 0) return () => false
  return ({ target }) => {
    const end = target.indexOf('?')
    const path = end === -1 ? target : target.slice(0, end)
    return exact.has(path) || below.some((prefix) => path.startsWith(prefix))
  }
}
