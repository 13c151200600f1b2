import { isIP, isIPv4 } from 'node:net'
import { FetchError } from '../net/fetcher.ts'
import { isClosedPort } from '../trust.ts'
import { kindOf } from '../net/ip.ts'
import { originOf, parseAddress } from '../address.ts'
import { PushError } from './push-error.ts'
import type { Address } from '../address.ts'
import type { Settings } from '../options.ts'

/** What a registration says of where the instance is. */
export interface Claim {
  /** `host`, `host:port` or a URL. */
  readonly address: string
  /** 0 when it stands in the address. */
  readonly port: number
  /** Where it says to have gRPC, when that is another port. */
  readonly grpcPort?: number | undefined
  readonly secure: boolean
}

/** An address that requests may go to. */
export interface Target {
  readonly host: string
  readonly named: string
  readonly port: number
  readonly secure: boolean
}

/**
 * The address of a registered instance: it becomes an upstream, so that it is checked as a URL in a manifest is. A name is resolved, every one of its
 * addresses is checked, and without TLS the first of them stands in its place: whoever owns the name could point it elsewhere afterwards. Throws
 * `PushError`.
 */
export async function targetOf(claim: Claim, caller: { readonly isLoopback: boolean }, settings: Settings): Promise<Target> {
  const address =
    parseAddress(claim.address, claim.port, claim.secure) ?? parseAddress(claim.address, claim.secure ? 443 : 80, claim.secure)
  if (address === undefined) throw new PushError(400, 'NO_ADDRESS', 'the instance has no usable address')
  const { host, port } = address
  const secure = address.scheme === 'https'
  const addresses = isIP(host) === 0 ? await resolved(host, settings) : [host]
  const places = claim.grpcPort === undefined ? [address] : [address, { ...address, port: claim.grpcPort }]
  for (const ip of addresses) for (const place of places) checkAddress(ip, place, { isLoopback: caller.isLoopback, settings })
  const isPinned = isIP(host) === 0 && !secure && !addresses.every((ip) => kindOf(ip) === 'loopback')
  const pinned = addresses.find((ip) => isIPv4(ip)) ?? addresses[0]!
  return { host: isPinned ? pinned : host, named: host, port, secure }
}

function checkAddress(
  ip: string,
  address: Address,
  { isLoopback, settings }: { readonly isLoopback: boolean; readonly settings: Settings },
): void {
  const kind = kindOf(ip)
  const shown = originOf(address)
  if (kind === 'blocked')
    throw new PushError(
      400,
      'ADDRESS_BLOCKED',
      `${shown} is refused: ${ip} is a link-local, metadata, multicast, unspecified or reserved address`,
    )
  if (kind === 'loopback' && !isLoopback)
    throw new PushError(
      400,
      'ADDRESS_BLOCKED',
      `${shown} is refused: a loopback address means the gateway's own machine, and the caller is on another one`,
    )
  if (kind !== 'loopback' && isClosedPort(address, settings.allowedHosts))
    throw new PushError(
      400,
      'ADDRESS_BLOCKED',
      `${shown} is refused: port ${address.port} belongs to infrastructure; name it in farp.allowed_hosts to open it`,
    )
}

async function resolved(host: string, { fetcher, limits }: Settings): Promise<readonly string[]> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new FetchError('timeout', 'the name was not resolved in time')), limits.connectMs)
  try {
    const addresses = await fetcher.resolve(host, controller.signal)
    if (addresses.length > 0) return addresses
  } catch (thrown) {
    if (!(thrown instanceof FetchError) && !controller.signal.aborted) throw thrown
  } finally {
    clearTimeout(timer)
  }
  throw new PushError(400, 'ADDRESS_UNRESOLVED', `the gateway finds no address for ${host}`)
}
