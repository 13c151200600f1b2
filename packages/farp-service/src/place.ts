/** Where an instance listens. */
export interface Place {
  readonly scheme: 'http' | 'https'
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/** Reads `host:port`, `[::1]:8080` or an origin such as `https://orders.internal`; without a port that of the scheme. Throws `TypeError`. */
export function placeOf(text: string): Place {
  const isBareIpv6 = /^[0-9A-Fa-f:.]+$/.test(text) && text.split(':').length > 2
  const written = text.includes('://') ? text : isBareIpv6 ? `http://[${text}]` : `http://${text}`
  const url = URL.canParse(written) ? new URL(written) : undefined
  const scheme = url?.protocol === 'http:' ? 'http' : url?.protocol === 'https:' ? 'https' : undefined
  const isBare = url !== undefined && url.username === '' && url.password === '' && url.pathname === '/' && url.search + url.hash === ''
  if (url === undefined || scheme === undefined || !isBare)
    throw new TypeError(`address must be host:port or an origin such as https://orders.internal, not "${text}"`)
  return { scheme, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || (scheme === 'https' ? 443 : 80)) }
}

/** `host:port`, an IPv6 address in brackets. */
export function addressOf({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `http://host:port` */
export function originOf(place: Place): string {
  return `${place.scheme}://${addressOf(place)}`
}
