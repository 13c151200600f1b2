import type { OutgoingHttpHeaders } from 'node:http2'

/** Pushes for one answer. */
const MOST = 10

/** One link (RFC 8288): its target, and its parameters as they stand, without blanks in them: nothing can be matched in two ways. */
const LINK = /^<([^<>\s]+)>((?:\s*;\s*[\w!#$%&'*+.^|~-]+(?:=(?:"[^"]*"|[^\s";]*))?)*)\s*$/
const PARAMETER = /;\s*([\w!#$%&'*+.^|~-]+)(?:=(?:"([^"]*)"|([^\s";]*)))?/g
/** An absolute path of the same authority: `//` and what browsers take for it lead to another one, a fragment is never sent. */
const PATH = /^\/(?![/\\])[^\\#\s]*$/

/** The paths that the `Link` fields of an answer ask to be pushed: `rel=preload` without `nopush`, each once, in their order. */
export function pushedPaths(link: OutgoingHttpHeaders[string]): readonly string[] {
  const paths = new Set<string>()
  for (const value of typeof link === 'string' ? [link] : Array.isArray(link) ? link : []) {
    for (const one of value.split(/,\s*(?=<)/)) {
      const [, path = '', parameters = ''] = LINK.exec(one.trim()) ?? []
      if (PATH.test(path) && isPreload(parameters)) paths.add(path)
      if (paths.size === MOST) return [...paths]
    }
  }
  return [...paths]
}

function isPreload(parameters: string): boolean {
  let isWanted = false
  for (const [, name, quoted, plain] of parameters.matchAll(PARAMETER)) {
    const lower = name!.toLowerCase()
    if (lower === 'nopush') return false
    if (lower === 'rel') isWanted ||= (quoted ?? plain ?? '').toLowerCase().split(/\s+/).includes('preload')
  }
  return isWanted
}
