import { HeaderList } from '@octopus-gateway/core'
import type { RequestHead } from '@octopus-gateway/core'

/** The head of a request on a stream. */
export interface StreamHead {
  readonly request: RequestHead
  /** `:protocol` of an extended CONNECT (RFC 8441). */
  readonly protocol: string | undefined
  /** `:scheme`. */
  readonly scheme: string
}

/**
 * A request as the rest of the gateway knows it, from the flat list of a HEADERS frame (RFC 9113, section 8.3). nghttp2 has refused what is
 * malformed: fields of one connection, upper case, pseudo fields that are missing, unknown, repeated or late. What cannot be said in HTTP/1.1
 * becomes something that is refused there: two hosts, an empty target.
 */
export function requestHead(raw: readonly string[]): StreamHead {
  let method = ''
  let path = ''
  let scheme = ''
  let authority: string | undefined
  let protocol: string | undefined
  let start = 0
  for (; start < raw.length && raw[start]!.charCodeAt(0) === COLON; start += 2) {
    const value = raw[start + 1]!
    switch (raw[start]) {
      case ':method':
        method = value
        break
      case ':path':
        path = value
        break
      case ':scheme':
        scheme = value
        break
      case ':authority':
        authority = value
        break
      case ':protocol':
        protocol = value
    }
  }
  const flat: string[] = authority === undefined ? [] : ['host', authority]
  let cookie = -1
  for (let i = start; i < raw.length; i += 2) {
    const name = raw[i]!
    const value = raw[i + 1]!
    if (name === 'host') {
      // The same host once more says nothing; another one makes two (RFC 9113, section 8.3.1).
      if (authority !== undefined && value.toLowerCase() === authority.toLowerCase()) continue
    } else if (name === 'cookie') {
      // Crumbs are put together before they reach what is not HTTP/2 (section 8.2.3).
      if (cookie !== -1) {
        flat[cookie] += `; ${value}`
        continue
      }
      cookie = flat.length + 1
    }
    flat.push(name, value)
  }
  // Only the forms that a gateway serves: neither an absolute target, which would bring a host of its own, nor another scheme.
  const isServed = path.charCodeAt(0) === SLASH && (scheme === 'https' || scheme === 'http')
  return { request: { method, target: isServed ? path : '', headers: new HeaderList(flat) }, protocol, scheme }
}

const COLON = 0x3a
const SLASH = 0x2f
