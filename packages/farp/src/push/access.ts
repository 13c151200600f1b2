import { createHash, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { BlockList, isIPv4 } from 'node:net'
import { bareHost } from '../address.ts'
import { certificateName } from '@octopus-gateway/core'
import { Gate } from './gates.ts'
import { isIP } from 'node:net'
import { kindOf } from '../net/ip.ts'
import { PushError } from './push-error.ts'
import type { Caller, ClientCertificate } from '@octopus-gateway/core'
import type { Limits } from '../limits.ts'
import type { PushSettings } from './options.ts'

/** Who calls. */
export interface Principal {
  /** Equal for calls with the same credential, or from the same address where none is asked for. Says nothing of the credential. */
  readonly owner: string
  /** The services it is the authority of, or `undefined`: then it may touch what it registered itself. */
  readonly services: ReadonlySet<string> | undefined
  readonly ip: string | undefined
  readonly isLoopback: boolean
}

interface Known {
  readonly digest: Buffer
  readonly services: ReadonlySet<string> | undefined
  owner(): Promise<string>
}

const derive = promisify<string, string, number, Buffer>(scrypt)

/** Decides who may call the push endpoints. */
export class Access {
  readonly #settings: PushSettings
  readonly #known: readonly Known[]
  readonly #ranges: BlockList
  readonly #failures: Gate

  constructor(settings: PushSettings, limits: Limits) {
    this.#settings = settings
    this.#known = settings.tokens.map(({ token, services }) => ({ digest: digestOf(token), services, owner: ownerOf(token) }))
    this.#ranges = rangesOf(settings.allowFrom)
    this.#failures = new Gate(limits.failuresPerMinute)
  }

  /** Who calls. Throws a `PushError` of status 401, 403 or 429 for everybody else. */
  async admit(request: Request, caller: Caller): Promise<Principal> {
    const ip = plainAddress(caller.ip)
    const isLoopback = ip !== undefined && kindOf(ip) === 'loopback'
    const { allowFrom, clientCertificates, tokens } = this.#settings
    if (allowFrom.length > 0 && (ip === undefined || !this.#ranges.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6'))) {
      throw new PushError(403, 'ADDRESS_FORBIDDEN', 'calls from this address are not allowed (farp.push.allow_from)')
    }
    const { certificate } = caller
    const entry = certificate === undefined ? undefined : this.#entryOf(certificate)
    if (certificate !== undefined && entry !== undefined) {
      // A browser shows its user's certificate to whatever a page of another site sends here.
      refuseBrowsers(request, false)
      return { owner: nameOf(certificate), services: entry.services, ip, isLoopback }
    }
    if (tokens.length > 0 || clientCertificates !== false) {
      const known = this.#holderOf(request)
      if (known === undefined) throw this.#unauthorized(ip, certificate !== undefined && clientCertificates !== false)
      return { owner: await known.owner(), services: known.services, ip, isLoopback }
    }
    refuseBrowsers(request, allowFrom.length === 0)
    if (allowFrom.length === 0 && !isLoopback)
      throw new PushError(403, 'ADDRESS_FORBIDDEN', 'without tokens only callers on the same machine are allowed (farp.push.tokens)')
    return { owner: `address:${ip}`, services: undefined, ip, isLoopback }
  }

  /** What a verified certificate is good for, or `undefined` where it is no credential. */
  #entryOf({ names, fingerprint }: ClientCertificate): { readonly services: ReadonlySet<string> | undefined } | undefined {
    const { clientCertificates } = this.#settings
    if (clientCertificates === true) return { services: undefined }
    if (clientCertificates === false) return undefined
    const known = new Set([fingerprint, ...names.map(certificateName)])
    return clientCertificates.find(({ name }) => known.has(name))
  }

  /** Every token is compared, each in the same time: how long it takes tells nothing. */
  #holderOf(request: Request): Known | undefined {
    const shown = /^Bearer +([^\s]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1]
    if (shown === undefined) return undefined
    const digest = digestOf(shown)
    let found: Known | undefined
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known
    return found
  }

  #unauthorized(ip: string | undefined, isStranger: boolean): PushError {
    const wait = this.#failures.take(ip ?? 'unknown')
    if (wait > 0)
      return new PushError(429, 'RATE_LIMITED', 'too many calls from this address without a valid credential', {
        headers: { 'retry-after': String(wait) },
      })
    const reason = isStranger
      ? 'the certificate has no name that may register (farp.push.client_certificates), and there is no valid token'
      : 'a valid credential is needed'
    return new PushError(401, 'UNAUTHORIZED', reason, { headers: { 'www-authenticate': 'Bearer realm="farp"' } })
  }
}

/** Whether a caller may change what another may have registered. */
export function isAuthorityOf(principal: Principal, registered: { readonly service: string; readonly owner: string }): boolean {
  return principal.services === undefined ? principal.owner === registered.owner : principal.services.has(registered.service)
}

/**
 * Where no token is asked for, a page in a browser on an allowed machine must not be able to register an upstream: browsers say of such requests
 * where they come from, and where no certificate is asked for either, a name that was pointed at this machine (DNS rebinding) stands in Host.
 */
function refuseBrowsers(request: Request, isLoopbackOnly: boolean): void {
  const site = request.headers.get('sec-fetch-site')
  const host = bareHost(new URL(request.url).hostname)
  const isOwnName = !isLoopbackOnly || host === 'localhost' || (isIP(host) !== 0 && kindOf(host) === 'loopback')
  if (request.headers.has('origin') || (site !== null && site !== 'none') || !isOwnName)
    throw new PushError(403, 'BROWSER_REFUSED', 'without tokens no requests of web pages, or under other host names, are taken')
}

/** The holder of a certificate, by its names: it is renewed while its holder stays the same. As JSON, because a name may hold any character. */
function nameOf({ names, fingerprint }: ClientCertificate): string {
  return `certificate:${names.length === 0 ? fingerprint : JSON.stringify([...names].sort())}`
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The name of a token's holder as it is stored: slow to compute, so that the token cannot be found from it. */
function ownerOf(token: string): () => Promise<string> {
  let owner: Promise<string> | undefined
  return () => (owner ??= derive(token, 'octopus-farp-owner', 10).then((key) => `token:${key.toString('hex')}`))
}

function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const isV4 = isIPv4(address)
    ranges.addSubnet(address, bits === undefined ? (isV4 ? 32 : 128) : Number(bits), isV4 ? 'ipv4' : 'ipv6')
  }
  return ranges
}

/** An IPv4 caller of a listener for both families appears as IPv6. */
function plainAddress(ip: string | undefined): string | undefined {
  const plain = ip === undefined ? '' : (/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? ip.split('%')[0]!)
  return isIP(plain) === 0 ? undefined : plain
}
