import type { Draft } from './draft.ts'
import type { Path } from '../tree/node.ts'
import type { Problem } from '../report/issues.ts'
import { nearest } from '../report/suggest.ts'
import { placeOf, ruleProblem } from '@octopus-gateway/core'

/** Routes: an upstream that exists, no route twice, a prefix that can be there. */
export function* checkRoutes(draft: Draft): Generator<Problem> {
  const upstreams = (draft.upstreams ?? []).flatMap((one) => (one?.name === undefined ? [] : [one.name]))
  const seen = new Map<string, number>()
  for (const [index, route] of (draft.routes ?? []).entries()) {
    if (route === undefined) continue
    const at = ['routes', index]
    yield* checkTargets(route.upstream ?? [], [...at, 'upstream'], upstreams)
    if (route.mirror?.upstream !== undefined && !upstreams.includes(route.mirror.upstream))
      yield { code: 'dangling_upstream', path: [...at, 'mirror', 'upstream'], message: dangling(route.mirror.upstream, upstreams) }
    if (route.split_on !== undefined && route.upstream !== undefined && route.upstream.length < 2)
      yield {
        code: 'conflicting_keys',
        path: [...at, 'split_on'],
        message: 'there is only one upstream to go to; remove it, or name several',
      }
    yield* checkRewrite(route, [...at, 'rewrite', 'replacement'])
    if (route.methods !== undefined && route.methods.length === 0) {
      yield { code: 'invalid_value', path: [...at, 'methods'], message: 'needs at least one method; leave the key out for every method' }
    }
    if (route.path === undefined) continue
    if (route.strip_prefix !== undefined && !canBegin(route.path, route.strip_prefix)) {
      const message = `no path that matches ${JSON.stringify(route.path)} begins with ${JSON.stringify(route.strip_prefix)}, so nothing would be removed`
      yield { code: 'conflicting_keys', path: [...at, 'strip_prefix'], message }
    }
    yield* checkPlaces(route as PlacedRoute, index, seen)
  }
}

/** A replacement fits its pattern. */
function* checkRewrite({ rewrite }: NonNullable<NonNullable<Draft['routes']>[number]>, path: Path): Generator<Problem> {
  if (rewrite?.pattern === undefined || rewrite.replacement === undefined) return
  const problem = ruleProblem({ pattern: rewrite.pattern, replacement: rewrite.replacement })
  if (problem !== undefined) yield { code: 'invalid_value', path, message: /: (.*)\.$/.exec(problem)?.[1] ?? problem }
}

type Targets = NonNullable<NonNullable<NonNullable<Draft['routes']>[number]>['upstream']>

function* checkTargets(targets: Targets, at: Path, upstreams: readonly string[]): Generator<Problem> {
  const isOne = targets.length === 1
  for (const [index, target] of targets.entries()) {
    if (target?.upstream === undefined || upstreams.includes(target.upstream)) continue
    // A single one may have been written as a name alone.
    yield { code: 'dangling_upstream', path: isOne ? at : [...at, index, 'upstream'], message: dangling(target.upstream, upstreams) }
  }
}

type PlacedRoute = NonNullable<NonNullable<Draft['routes']>[number]> & { readonly path: string }

function* checkPlaces(route: PlacedRoute, index: number, seen: Map<string, number>): Generator<Problem> {
  const { path, host, priority } = route
  // A host or a method that was refused says nothing about where the route is.
  if (('host' in route && host === undefined) || route.methods?.includes(undefined)) return
  const place = { path, ...(host === undefined ? {} : { host }), ...(priority === undefined ? {} : { priority }) }
  for (const method of new Set(route.methods ?? ['*'])) {
    const key = placeOf(place, method!)
    const first = seen.get(key)
    if (first === undefined) seen.set(key, index)
    else {
      const what = method === '*' ? 'methods' : `method ${method}`
      const message = `routes[${first}] already has this host, path and ${what}; remove one of them, or give one another priority`
      yield { code: 'duplicate_route', path: ['routes', index], message }
      return
    }
  }
}

function dangling(name: string, upstreams: readonly string[]): string {
  const near = nearest(name, upstreams)
  const hint =
    near === undefined
      ? `add it to upstreams${upstreams.length === 0 ? '' : `, or use one of ${upstreams.join(', ')}`}`
      : `did you mean ${JSON.stringify(near)}?`
  return `there is no upstream ${JSON.stringify(name)}; ${hint}`
}

/** Whether some path that matches `pattern` has `prefix` in front, segment by segment. */
function canBegin(pattern: string, prefix: string): boolean {
  const parts = pattern.split('/')
  const wanted = prefix.replace(/\/+$/, '').split('/')
  for (const [index, segment] of wanted.entries()) {
    const part = parts[index]
    if (part === undefined) return false
    if (part.startsWith('*')) return true
    if (part !== segment && !part.startsWith(':') && !part.includes('{')) return false
  }
  return true
}
