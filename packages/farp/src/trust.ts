import { addressOf, bareHost } from './address.ts'
import { kindOf } from './net/ip.ts'
import type { Address } from './address.ts'

/** What is known about the instance whose manifest names a URL. */
export interface TrustScope {
  /** Addresses the operator's registry or configuration gave for this service: the instance's own first. Allowed as they are. */
  readonly registered: readonly Address[]
  /** The service's name in the registry. */
  readonly service: string
  /** Where it registered itself, as it wrote it. Then its name and its namespace are its own word, and mean no host. */
  readonly itself?: { readonly host: string; readonly port: number }
  /** The registry's namespace of the service, when it says one. */
  readonly namespace?: string
  /** `farp.allowed_hosts`: `host`, `host:port` or `*.suffix`. */
  readonly allowedHosts: readonly string[]
  /** Refuse plain HTTP: everywhere (`true`), nowhere (`false`), or for public addresses outside the registry (`undefined`). */
  readonly requireHttps: boolean | undefined
}

/** Why a URL may be contacted, or why not. */
export type Verdict =
  | { readonly allowed: true; readonly by: 'registry' | 'name' | 'operator'; readonly address: Address }
  | { readonly allowed: false; readonly reason: 'foreign' | 'blocked'; readonly message: string }

/** Services that speak to anyone who connects, and where a GET can do harm. Only an `allowed_hosts` entry that names the port opens them. */
const INFRASTRUCTURE: ReadonlySet<number> = new Set([
  21, 22, 23, 25, 53, 110, 111, 135, 139, 143, 389, 445, 465, 587, 636, 873, 1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389,
  4222, 5432, 5672, 5984, 6379, 6443, 6667, 7000, 8300, 8301, 8500, 8501, 9042, 9092, 9200, 9300, 10_250, 10_255, 11_211, 15_672, 27_017,
])

/** Judges a URL from a manifest or from metadata by its text alone; its addresses are checked when it is resolved. */
export function judge(url: URL, scope: TrustScope): Verdict {
  const address = addressOf(url)
  if (address === undefined) return blocked(`only http and https URLs are fetched, not ${url.protocol}`)
  if (url.username !== '' || url.password !== '') return blocked('a URL must not carry credentials')
  if (scope.requireHttps === true && address.scheme !== 'https') return blocked('farp.require_https is on and the URL is not https')
  if (scope.registered.some((known) => isSame(known, address))) return { allowed: true, by: 'registry', address }
  const entry = scope.allowedHosts.find((allowed) => permits(allowed, address))
  if (entry !== undefined) {
    const namesPort = entry.toLowerCase().endsWith(`:${address.port}`)
    return INFRASTRUCTURE.has(address.port) && !namesPort ? infrastructure(address) : { allowed: true, by: 'operator', address }
  }
  const { itself } = scope
  const isOwn =
    itself === undefined ? isRegistryName(address.host, scope) : address.host === bareHost(itself.host) && address.port === itself.port
  if (!isOwn) return { allowed: false, reason: 'foreign', message: `${address.host} is neither the instance nor its service` }
  return INFRASTRUCTURE.has(address.port) ? infrastructure(address) : { allowed: true, by: 'name', address }
}

/** What is wrong with the addresses that an allowed host resolved to, or `undefined`. Every one is checked: one bad among many is bad. */
export function objection(verdict: Verdict & { allowed: true }, addresses: readonly string[], scope: TrustScope): string | undefined {
  if (addresses.length === 0) return 'the host name has no address'
  if (verdict.by === 'registry') return undefined
  for (const ip of addresses) {
    const isRegistered = scope.registered.some((known) => known.host === ip.toLowerCase())
    const kind = kindOf(ip)
    if (isRegistered) continue
    if (kind === 'blocked') return `${ip} is a link-local, metadata, multicast or reserved address`
    if (kind === 'loopback' && !(verdict.by === 'operator' && isLoopbackName(verdict.address.host))) return `${ip} is a loopback address`
    if (kind === 'public' && verdict.address.scheme === 'http' && scope.requireHttps === undefined) {
      return `${ip} is a public address and the URL is plain http; use https, or set farp.require_https to false`
    }
  }
  return undefined
}

/** Whether `farp.allowed_hosts` has to name this port before anything is sent there. */
export function isClosedPort(address: Address, allowedHosts: readonly string[]): boolean {
  if (!INFRASTRUCTURE.has(address.port)) return false
  return !allowedHosts.some((entry) => entry.toLowerCase().endsWith(`:${address.port}`) && permits(entry, address))
}

function isSame(known: Address, address: Address): boolean {
  if (known.port !== address.port) return false
  return known.host === address.host || (isLoopbackName(known.host) && isLoopbackName(address.host))
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || kindOf(host) === 'loopback'
}

function permits(entry: string, address: Address): boolean {
  const match = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase().replace(/^\[(.*)\]/, '$1'))
  const isIpv6 = entry.includes('::') && !entry.startsWith('[')
  const host = bareHost(isIpv6 ? entry : (match?.[1] ?? ''))
  const port = isIpv6 ? undefined : match?.[2]
  if (port !== undefined && Number(port) !== address.port) return false
  return host.startsWith('*.') ? address.host.endsWith(host.slice(1)) && address.host.length > host.length - 1 : address.host === host
}

/**
 * `users`, and with the namespace the registry gave: `users.shop`, `users.shop.svc`, `users.shop.svc.cluster.local`. A service that goes by a name with its
 * namespace is not also known without it: that might be somebody else's.
 */
function isRegistryName(host: string, { service, namespace }: TrustScope): boolean {
  const name = service.toLowerCase()
  if (host === name) return true
  if (namespace === undefined) return false
  const suffix = `.${namespace.toLowerCase()}`
  const full = name.endsWith(suffix) ? name : `${name}${suffix}`
  return host === full || host === `${full}.svc` || host === `${full}.svc.cluster.local`
}

function infrastructure(address: Address): Verdict {
  return blocked(`port ${address.port} belongs to infrastructure; name it in farp.allowed_hosts to open it`)
}

function blocked(message: string): Verdict {
  return { allowed: false, reason: 'blocked', message }
}
