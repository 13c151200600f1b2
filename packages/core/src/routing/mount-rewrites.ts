import { compileRules } from './path-rules.ts'
import { HostIndex, parseHost } from './hosts.ts'
import type { CompiledRules, RewrittenPath } from './path-rules.ts'
import type { PathRule, Route } from './route.ts'
import type { Match } from './compiled-route.ts'

/**
 * What the paths below a mount mean. Rules see the path below the mount, `/` for the mount itself, before anything is matched; the request is then one for
 * the mount with the result behind it. Only where that leads to a route of the same service: rules are no way to another service's routes.
 */
export interface MountRewrite {
  /** As in a route. Default: any host. */
  readonly host?: string
  /** `/users`, or empty for the root. */
  readonly prefix: string
  /** The first one whose pattern fits decides; at most 32. */
  readonly rules: readonly PathRule[]
}

/** A rewrite and whose it is. */
export interface OwnedRewrite extends MountRewrite {
  readonly source: string
  readonly service: string
}

interface Holder {
  readonly source: string
  readonly service: string
  readonly prefix: string
  readonly rules: CompiledRules
}

/** What is looked for. */
interface Question {
  readonly host: string
  readonly method: string
  readonly path: string
  readonly table: {
    match(host: string, method: string, path: string): Match | null
    allowed(host: string, path: string): readonly string[]
  }
}

/** Services that may rewrite below one mount: each costs a request. */
const MOST_HOLDERS = 4

/** The rewrites of all services, found by host and mount. */
export class MountRewrites {
  readonly #hosts = new HostIndex<Map<string, Holder[]>>()
  #deepest = 0

  constructor(rewrites: readonly OwnedRewrite[]) {
    for (const { host, prefix, rules, source, service } of rewrites) {
      const pattern = parseHost(host)
      let mounts = this.#hosts.get(pattern)
      if (mounts === undefined) this.#hosts.set(pattern, (mounts = new Map<string, Holder[]>()))
      const segments = prefix.split('/').slice(1)
      this.#deepest = Math.max(this.#deepest, segments.length)
      const key = keyOf(segments)
      const holders = mounts.get(key) ?? []
      mounts.set(key, holders)
      if (holders.length < MOST_HOLDERS) holders.push({ source, service, prefix, rules: compileRules(rules) })
    }
  }

  /** The whole path that is meant. Whoever has the path as it is keeps it, unless he himself rewrites it. */
  meant(question: Question): RewrittenPath {
    const { host, method, path, table } = question
    const found = table.match(host, method, path)?.route ?? null
    const starts = startsOf(path, this.#deepest)
    return this.#hosts.find<Exclude<RewrittenPath, null>>(host, (mounts) => {
      for (let depth = starts.length - 1; depth >= 0; depth--) {
        for (const holder of mounts.get(keyOf(path.slice(1, starts[depth]).split('/').slice(0, depth))) ?? []) {
          if (found !== null && !owns(holder, found)) continue
          const result = meantBy(holder, { ...question, found, rest: path.slice(starts[depth]) })
          if (result !== null) return result
        }
      }
      return null
    })
  }
}

function meantBy(holder: Holder, { host, method, table, found, rest }: Question & { found: Route | null; rest: string }): RewrittenPath {
  const result = holder.rules.apply(rest === '' ? '/' : rest)
  if (result === null || result === 'refused') return result
  const path = holder.prefix + result.path
  const match = table.match(host, method, path)
  if (match !== null) return owns(holder, match.route) ? { path } : null
  // Nobody has the path as it was sent, either: other methods of the one that is meant are for the caller to know.
  return found === null && table.allowed(host, path).length > 0 ? { path } : null
}

function owns({ source, service }: Holder, route: Route): boolean {
  return route.source === source && route.service === service
}

/** Where the path goes on after so many segments, from none to `most`. */
function startsOf(path: string, most: number): number[] {
  const starts = [0]
  for (let depth = 1; depth <= most && starts[depth - 1]! < path.length; depth++) {
    const slash = path.indexOf('/', starts[depth - 1]! + 1)
    starts.push(slash === -1 ? path.length : slash)
  }
  return starts
}

/** Segments as the router compares them: decoded, each by itself. */
function keyOf(segments: readonly string[]): string {
  return segments.map((segment) => encodeURIComponent(segment.includes('%') ? decodeURIComponent(segment) : segment)).join('/')
}
