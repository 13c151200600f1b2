import { HostIndex, parseHost } from './hosts.ts'
import { MountRewrites } from './mount-rewrites.ts'
import { PathTree } from './tree.ts'
import type { Found } from './tree.ts'
import type { CompiledRoute, Match } from './compiled-route.ts'
import type { OwnedRewrite } from './mount-rewrites.ts'
import type { Pattern } from './pattern.ts'
import type { RewrittenPath } from './path-rules.ts'

/** Names come from documents of services: `__proto__` must be an ordinary key. What `Object.create(null)` makes is a hash table, which is slower. */
const Params = function () {} as unknown as new () => Record<string, string>
Params.prototype = Object.freeze(Object.create(null))

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(new Params())

/** All routes of a snapshot, ready to be matched by host, method and path. */
export class RouteTable {
  readonly #hosts = new HostIndex<PathTree<CompiledRoute>>()
  /** `null` where nobody rewrites, which is usual. */
  readonly #rewrites: MountRewrites | null

  constructor(rewrites: readonly OwnedRewrite[] = []) {
    this.#rewrites = rewrites.length === 0 ? null : new MountRewrites(rewrites)
  }

  /** Adds a route, at the pattern of its path, for one of its methods (`null`: any). Returns the route that already holds this place, which keeps it. */
  add(route: CompiledRoute, pattern: Pattern, method: string | null): CompiledRoute | null {
    const host = parseHost(route.host ?? undefined)
    let tree = this.#hosts.get(host)
    if (tree === undefined) this.#hosts.set(host, (tree = new PathTree<CompiledRoute>()))
    return tree.add(pattern, method, route)
  }

  /** `host` as `hostName` gives it, `path` as `pathOf` gives it. */
  match(host: string, method: string, path: string): Match | null {
    const found = this.#hosts.find(host, (tree) => tree.find(path, method))
    return found === null ? null : { route: found.value, params: paramsOf(found) }
  }

  /**
   * The path that a path means, where its owner rewrites it: the request is then one for that path, and gets its route with all its policies. `null` when
   * it stays as it is, `refused` when it is to be answered with 400.
   */
  meant(host: string, method: string, path: string): RewrittenPath {
    return this.#rewrites === null ? null : this.#rewrites.meant({ host, method, path, table: this })
  }

  /** The methods that would be answered at this path: the `Allow` field of a 405. Empty when nothing matches. */
  allowed(host: string, path: string): string[] {
    const methods = new Set<string>()
    this.#hosts.find(host, (tree) => {
      for (const method of tree.methodsAt(path)) methods.add(method)
      return null
    })
    if (methods.has('GET')) methods.add('HEAD')
    return [...methods].sort()
  }
}

function paramsOf(found: Found<CompiledRoute>): Readonly<Record<string, string>> {
  const { names, values } = found
  if (names.length === 0) return NO_PARAMS
  const params = new Params()
  for (let i = 0; i < names.length; i++) params[names[i]!] = values[i]!
  return params
}
