/** Where something listens. `host` is lower-case; an IPv6 literal has no brackets. */
export interface Address {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
}

/**
 * The address of a discovery record or manifest: a host, `host:port`, an IPv6 literal or a URL. A port in the text wins over `port`;
 * without any, the scheme's own (80, 443) counts only when the text names a scheme. `undefined` when there is no usable address.
 */
export function parseAddress(text: string, port = 0, secure = false): Address | undefined {
  const match = /^(?:(https?):\/\/)?(?:\[([0-9a-f:.]+)\]|([^\s/?#@[\]\\:]+))(?::(\d{1,5}))?\/?$/i.exec(bracketed(text.trim()))
  if (match === null) return undefined
  const named = match[1]?.toLowerCase()
  const scheme = named === 'https' || (named === undefined && secure) ? 'https' : 'http'
  const written = match[4] === undefined ? port : Number(match[4])
  const resolved = written !== 0 ? written : named === undefined ? 0 : DEFAULT_PORT[scheme]
  const host = (match[2] ?? match[3]!).toLowerCase()
  if (!Number.isInteger(resolved) || resolved < 1 || resolved > 65_535) return undefined
  const address: Address = { scheme, host, port: resolved }
  // A name such as `a|b` would be the origin of an endpoint that no URL can have.
  return URL.canParse(originOf(address)) ? address : undefined
}

const DEFAULT_PORT = { http: 80, https: 443 } as const

/** An IPv6 literal without brackets cannot carry a port: `::1` is all host. */
function bracketed(text: string): string {
  return /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text
}

/** The address a URL points at, or `undefined` when it is not plain `http` or `https`. */
export function addressOf(url: URL): Address | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  return { scheme, host: bareHost(url.hostname), port: url.port === '' ? DEFAULT_PORT[scheme] : Number(url.port) }
}

/** A URL's host name as an address has it: lower-case, without brackets and trailing dot. */
export function bareHost(hostname: string): string {
  const host = hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/** `http://10.0.0.7:8080`, with brackets around IPv6. */
export function originOf({ scheme, host, port }: Address): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
