import { MAX_TOKEN } from '../limits.ts'
import type { Denial } from '@octopus-gateway/core/plugins'
import type { HeaderList, RequestHead } from '@octopus-gateway/core'

/** A place in a request where a token may be. */
export interface TokenSource {
  readonly in: 'header' | 'cookie' | 'query'
  readonly name: string
}

/** What a request carries for us: a token, something that is none, or nothing. */
export type Found = string | Denial | null

/** `header:authorization`, `cookie:session`, `query:access_token`; `undefined` for everything else. */
export function parseSource(text: string): TokenSource | undefined {
  const match = /^(header|cookie|query):([\w!#$%&'*+.^`|~-]+)$/.exec(text)
  if (match === null) return undefined
  const place = match[1] as TokenSource['in']
  return { in: place, name: place === 'header' ? match[2]!.toLowerCase() : match[2]! }
}

/** Reads tokens of these places; the first place that carries one decides. */
export function tokenReader(sources: readonly TokenSource[]): (head: Readonly<RequestHead>) => Found {
  const readers = sources.map(readerOf)
  const [only] = readers
  if (readers.length === 1) return only!
  return (head) => {
    for (const read of readers) {
      const found = read(head)
      if (found !== null) return found
    }
    return null
  }
}

function readerOf({ in: place, name }: TokenSource): (head: Readonly<RequestHead>) => Found {
  if (place === 'cookie') return (head) => fromCookie(head.headers, name)
  if (place === 'query') return (head) => fromQuery(head.target, name)
  return (head) => fromHeader(head.headers, name)
}

// RFC 6750, section 3.1: one credential, or the request is malformed. Whoever reads the other one than we did would see another caller.
const SEVERAL: Denial = { error: 'invalid_request', description: 'The request carries more than one credential' }
const MALFORMED: Denial = { error: 'invalid_request', description: 'The credential is malformed' }
const TOO_LONG: Denial = { error: 'invalid_token', description: 'The token is too long' }

function fromHeader({ flat }: HeaderList, name: string): Found {
  let value: string | undefined
  for (let i = 0; i < flat.length; i += 2) {
    const field = flat[i]!
    if (field.length !== name.length || (field !== name && field.toLowerCase() !== name)) continue
    if (value !== undefined) return SEVERAL
    value = flat[i + 1]!
  }
  if (value === undefined) return null
  if (value.startsWith('Bearer ') && value.charCodeAt(7) > 0x20) return bounded(value.slice(7))
  return name === 'authorization' ? otherSpelling(value) : bounded(/^bearer +(.*)$/is.exec(value)?.[1] ?? value)
}

/** The scheme has no letter case, and more than one space may follow it (RFC 9110, section 11.4). */
function otherSpelling(value: string): Found {
  const [, scheme, token] = /^([^\s,]*) *(.*)$/s.exec(value)!
  if (scheme!.toLowerCase() === 'bearer') return bounded(token!)
  return scheme === '' ? MALFORMED : null
}

function fromCookie({ flat }: HeaderList, name: string): Found {
  let value: string | undefined
  for (let i = 0; i < flat.length; i += 2) {
    // HTTP/2 splits one cookie field into many (RFC 9113, section 8.2.3).
    if (flat[i]!.length !== 6 || flat[i]!.toLowerCase() !== 'cookie') continue
    for (const pair of flat[i + 1]!.split(';')) {
      const equals = pair.indexOf('=')
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
      // A neighbouring host can plant a second cookie of the same name; which one an application reads is anyone's guess.
      if (value !== undefined) return SEVERAL
      value = pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1')
    }
  }
  return value === undefined || value === '' ? null : bounded(value)
}

function fromQuery(target: string, name: string): Found {
  const question = target.indexOf('?')
  if (question < 0) return null
  let value: string | undefined
  for (const pair of target.slice(question + 1).split('&')) {
    const equals = pair.indexOf('=')
    if (unescaped(equals < 0 ? pair : pair.slice(0, equals)) !== name) continue
    if (value !== undefined) return SEVERAL
    value = equals < 0 ? '' : pair.slice(equals + 1)
  }
  return value === undefined ? null : bounded(unescaped(value) ?? '')
}

/** `undefined` for what is not percent-encoded UTF-8. */
function unescaped(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // The only failure is a malformed escape; such a name is nobody's, such a value no token.
    return undefined
  }
}

function bounded(token: string): string | Denial {
  return token === '' ? MALFORMED : token.length > MAX_TOKEN ? TOO_LONG : token
}

/** What must hold of a credential before it is looked at as a token: `b64token` of RFC 6750, section 2.1. */
export function objectionTo(token: string): Denial | undefined {
  return /^[\w.~+/-]+=*$/.test(token) ? undefined : MALFORMED
}
