import type { MountStrategy } from './manifest/manifest.ts'

/** Who asks for a mount, and how. */
export interface MountRequest {
  readonly strategy: MountStrategy
  readonly serviceName: string
  readonly serviceVersion: string
  readonly instanceId: string
  readonly basePath: string
  readonly subdomain: string
  /** `farp.domain`: the gateway's own domain. Without it the first label of a host decides. */
  readonly domain?: string
}

/** Where a service's routes are. */
export interface Mount {
  /** Empty, or `/user-service`: no trailing slash. */
  readonly prefix: string
  /** For the `subdomain` strategy: `users.example.com`, or `users.*`. */
  readonly host?: string
}

/** The mount that a strategy means. Names become lower-case; `custom` takes the base path as it is, with one leading slash. */
export function mountOf(request: MountRequest): Mount {
  const { strategy, domain } = request
  switch (strategy) {
    case 'root':
      return { prefix: '' }
    case 'instance':
      return { prefix: `/${request.instanceId.toLowerCase()}` }
    case 'service':
      return { prefix: `/${request.serviceName.toLowerCase()}` }
    case 'versioned':
      return { prefix: `/${request.serviceName.toLowerCase()}/${request.serviceVersion.toLowerCase()}` }
    case 'custom': {
      const path = request.basePath.replace(/^\/+/, '').replace(/\/+$/, '')
      return { prefix: path === '' ? '' : `/${path}` }
    }
    case 'subdomain':
      return { prefix: '', host: `${request.subdomain}.${domain === undefined ? '*' : domain.toLowerCase()}` }
  }
}

/** A schema's path under a mount: `/` becomes the mount itself, without a slash. */
export function mountPath({ prefix }: Mount, path: string): string {
  return path === '/' && prefix !== '' ? prefix : prefix + path
}

/** How a service wants its prefix treated on the way to it. */
export interface StripRequest {
  readonly prefix: string
  /** `undefined` and `true` strip; only a literal `false` forwards the gateway's path. */
  readonly stripPrefix: boolean | undefined
  /** The path prefix of the service's own server URL. */
  readonly serverPrefix: string
}

/** The rewrite of a mounted route, or `undefined` when the path goes through as it is. */
export function rewriteOf({ prefix, stripPrefix, serverPrefix }: StripRequest): { stripPrefix?: string; addPrefix?: string } | undefined {
  if (stripPrefix === false) return undefined
  if (prefix === '' && serverPrefix === '') return undefined
  return { ...(prefix === '' ? {} : { stripPrefix: prefix }), ...(serverPrefix === '' ? {} : { addPrefix: serverPrefix }) }
}

/** The path an upstream sees for a gateway path, or `undefined` when the path is not under the mount (whole segments). */
export function upstreamPath(request: StripRequest, path: string): string | undefined {
  const { prefix } = request
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined
  const rewrite = rewriteOf(request)
  if (rewrite === undefined) return path
  const rest = path.slice(prefix.length)
  return request.serverPrefix + (rest === '' && request.serverPrefix === '' ? '/' : rest)
}

/** First segments that belong to the gateway itself. */
const RESERVED_SEGMENTS: ReadonlySet<string> = new Set(['_', '__', '_farp', '__farp'])

/** Whether a path begins where only the gateway's own paths may be. */
export function isReserved(path: string): boolean {
  return RESERVED_SEGMENTS.has((path.split('/')[1] ?? '').toLowerCase())
}
