import type { HeaderList } from '../headers.ts'

/** Who sent the request, as far as the connection and trusted proxies tell. */
export interface Client {
  /** The address of the client: the connection's, or the one a trusted proxy vouches for. Empty where the runtime does not tell. */
  readonly ip: string
  /** Whether the client spoke TLS, to us or to a trusted proxy. */
  readonly secure: boolean
  /** The client's certificate, when the listener asked for one and it was verified. Never that of a trusted proxy in front of the client. */
  readonly certificate?: ClientCertificate
}

/** A verified certificate of a client. Compare whole names or fingerprints; a part of a name identifies nobody. */
export interface ClientCertificate {
  /** SHA-256 over the certificate: 64 lower-case hexadecimal digits. */
  readonly fingerprint: string
  /** Subject alternative names, as `DNS:users.internal`, `URI:spiffe://shop/users`, `email:…` or `IP:…`. */
  readonly names: readonly string[]
}

/** The other end of a connection. The same object serves every request of the connection. */
export interface Peer extends Client {
  /** Whether it is a proxy whose forwarding fields are believed. */
  readonly trusted: boolean
}

/** A connection of unknown origin: in-process calls and runtimes that do not tell. */
export const UNKNOWN_PEER: Peer = { ip: '', secure: false, trusted: false }

/** A set of CIDR ranges. */
export class TrustedProxies {
  readonly #ranges: readonly { readonly bytes: Uint8Array; readonly bits: number }[]

  /** Throws `TypeError` for a text that is not an address or a range. */
  constructor(cidrs: readonly string[]) {
    this.#ranges = cidrs.map((cidr) => {
      const [address, bitsText, extra] = cidr.split('/')
      const bytes = address === undefined || extra !== undefined ? undefined : parseAddress(address)
      const max = bytes === undefined ? 0 : bytes.length * 8
      const bits = bitsText === undefined ? max : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1
      if (bytes === undefined || bits < 0 || bits > max)
        throw new TypeError(`"${cidr}" is not an address range: write 10.0.0.0/8 or fd00::/8.`)
      return { bytes, bits }
    })
  }

  has(ip: string): boolean {
    if (this.#ranges.length === 0) return false
    const bytes = parseAddress(ip)
    return bytes !== undefined && this.#ranges.some((range) => inRange(bytes, range))
  }

  /** What a connection from this address is. */
  peer(ip: string, secure: boolean, certificate?: ClientCertificate): Peer {
    const plain = ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip
    return { ip: plain, secure, trusted: this.has(plain), ...(certificate === undefined ? {} : { certificate }) }
  }
}

/**
 * The client behind a trusted proxy: the last address in the chain that no trusted proxy has. A certificate is the proxy's own: it says nothing
 * about the client behind it.
 */
export function clientBehind(peer: Peer, headers: HeaderList, trusted: TrustedProxies): Client {
  const chain = headers.getAll('x-forwarded-for')?.split(',') ?? forwardedFor(headers.getAll('forwarded'))
  let { ip } = peer
  for (let i = chain.length - 1; i >= 0; i--) {
    const candidate = bareAddress(chain[i]!.trim())
    // A chain that cannot be read ends here: what stands left of it is nobody's word.
    if (parseAddress(candidate) === undefined) break
    ip = candidate
    if (!trusted.has(candidate)) break
  }
  const proto = headers.get('x-forwarded-proto')?.split(',')[0]?.trim().toLowerCase()
  return { ip, secure: proto === undefined ? peer.secure : proto === 'https' || proto === 'wss' }
}

function forwardedFor(field: string | undefined): string[] {
  if (field === undefined) return []
  return field.split(',').map((element) => /(?:^|;)\s*for="?([^";,]*)"?/i.exec(element)?.[1] ?? '')
}

/** Without port and brackets: `[::1]:4711`, `10.0.0.1:4711`. */
function bareAddress(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)
  if (bracketed !== null) return bracketed[1]!
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text
}

function inRange(bytes: Uint8Array, range: { readonly bytes: Uint8Array; readonly bits: number }): boolean {
  if (bytes.length !== range.bytes.length) return false
  const whole = range.bits >> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== range.bytes[i]) return false
  const rest = range.bits & 7
  if (rest === 0) return true
  const mask = (0xff << (8 - rest)) & 0xff
  return (bytes[whole]! & mask) === (range.bytes[whole]! & mask)
}

/** The bytes of an IPv4 or IPv6 address, or `undefined`. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined
  return Uint8Array.from(parts, Number)
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

/** Sixteen bits each. The last group of an address may be written as IPv4 (RFC 4291, section 2.2). */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const v4 = isEnd && index === parts.length - 1 && part.includes('.') ? parseV4(part) : undefined
    if (v4 !== undefined) groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!)
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}
