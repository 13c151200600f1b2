import { didYouMean } from '../suggest.ts'
import type { ConfigIssue } from '../errors.ts'
import type { RouteDefinition } from '../routing/definition.ts'
import type { UpstreamDefinition } from '../upstream/definition.ts'

/** Everything wrong with the mirrors of routes. A request that goes to a function never becomes bytes, so there is nothing to copy. */
export function mirrorIssues(routes: readonly RouteDefinition[], upstreams: Readonly<Record<string, UpstreamDefinition>>): ConfigIssue[] {
  const names = new Set(Object.keys(upstreams))
  const isFunction = (name: string): boolean => names.has(name) && typeof upstreams[name] === 'function'
  return routes.flatMap((route, index) => {
    if (route.mirror === undefined) return []
    const { upstream, percent = 100, maxBody = 0, headers = {} } = route.mirror
    const path = `routes[${index}].mirror`
    const issues: ConfigIssue[] = []
    if (!names.has(upstream))
      issues.push({
        code: 'dangling_upstream',
        path: `${path}.upstream`,
        message: `There is no upstream "${upstream}"${didYouMean(upstream, names) || ': add it to upstreams, or correct the name.'}`,
      })
    const targets = typeof route.upstream === 'string' ? [route.upstream] : route.upstream.map((target) => target.upstream)
    const inProcess = [upstream, ...targets].find(isFunction)
    if (inProcess !== undefined)
      issues.push({
        code: 'conflicting_keys',
        path,
        message: `Upstream "${inProcess}" is a function in this process: requests to it cannot be mirrored, nor copies sent to it.`,
      })
    if (!(percent >= 0 && percent <= 100))
      issues.push({ code: 'invalid_value', path: `${path}.percent`, message: 'A percentage is a number from 0 to 100.' })
    if (!Number.isSafeInteger(maxBody) || maxBody < 0)
      issues.push({ code: 'invalid_value', path: `${path}.maxBody`, message: 'A number of bytes is an integer from 0 up.' })
    for (const [name, value] of Object.entries(headers))
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value))
        issues.push({ code: 'invalid_value', path: `${path}.headers`, message: `"${name}" with this value is not a header field.` })
    return issues
  })
}
