import { Buffer } from 'node:buffer'
import { writeJson } from './canonical.ts'
import { sha256 } from './sha256.ts'

/** One path of a service, before it is mounted. */
export interface RoutedPath {
  readonly path: string
  /** Upper-case; none for what is not asked by method. */
  readonly methods?: readonly string[]
  readonly protocol: string
}

/** What a routes checksum covers. Members that are absent count as empty. */
export interface RoutesAccount {
  readonly routing: {
    readonly strategy: string
    readonly base_path?: string
    readonly subdomain?: string
    readonly rewrite?: readonly { readonly pattern: string; readonly replacement: string }[]
    readonly strip_prefix?: boolean
  }
  readonly routes: readonly RoutedPath[]
  readonly endpoints: { readonly health?: string; readonly graphql?: string; readonly openapi?: string; readonly asyncapi?: string }
}

/**
 * The `routes_checksum` of a service, as peers written in Go compute it. A gateway that knows the value leaves the routes as they are, so it must
 * change whenever they do. Values of other peers are opaque: implementations differ.
 */
export function routesChecksum({ routing, routes, endpoints }: RoutesAccount): string {
  const account = {
    strategy: routing.strategy,
    base_path: routing.base_path ?? '',
    subdomain: routing.subdomain ?? '',
    // Go writes a list that was never made as null.
    rewrite: routing.rewrite?.map(({ pattern, replacement }) => ({ pattern, replacement })) ?? null,
    strip_prefix: routing.strip_prefix ?? false,
    routes: routes.map(entryOf).sort((a, b) => compare(a.path, b.path) || compare(a.protocol, b.protocol)),
    health: endpoints.health ?? '',
    graphql: endpoints.graphql ?? '',
    openapi: endpoints.openapi ?? '',
    asyncapi: endpoints.asyncapi ?? '',
  }
  return sha256(writeJson(account, { sorted: false, html: true, longEscapes: true }))
}

function entryOf({ path, methods = [], protocol }: RoutedPath): RoutedPath {
  return methods.length === 0 ? { path, protocol } : { path, methods: [...methods].sort(compare), protocol }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
