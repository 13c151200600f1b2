import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { SINGLE_FIELDS } from '../single-fields.ts'
import type { OutgoingHttpHeaders } from 'node:http2'
import type { RequestHead, ResponseHead } from '@octopus-gateway/core'

/** Fields that say something of one HTTP/1.1 connection (RFC 9113, section 8.2.2), and those that pseudo fields stand for. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'expect',
])

/** Larger header blocks fail inside Node as if the upstream had refused them. */
const MOST_BYTES = 60 * 1024
/** What a field costs beside its text (RFC 9113, section 6.5.2). */
const FIELD_BYTES = 32

const NAME = /^[!#$%&'*+.^`|~\w-]+$/
/** HTTP/2 has no line breaks to end a value, the HTTP/1.1 connections behind the upstream have (RFC 9113, section 8.2.1). */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/

/**
 * A head as `node:http2` takes it: `Host` becomes `:authority`, fields of the connection go. What Node would throw at is settled here.
 * Throws `BAD_HEADER` for a field that HTTP/2 cannot carry and `HEADERS_TOO_LARGE` when the upstream would not take all of it.
 */
export function toHeaders(head: RequestHead, to: { readonly origin: string; readonly limit: number }): OutgoingHttpHeaders {
  const { flat } = head.headers
  const headers = Object.create(null) as Record<string, string | string[]>
  headers[':method'] = head.method
  const scheme = to.origin.startsWith('https:') ? 'https' : 'http'
  headers[':scheme'] = scheme
  headers[':authority'] = to.origin.slice(scheme.length + '://'.length)
  headers[':path'] = head.target
  let bytes = head.target.length + 4 * FIELD_BYTES
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase()
    const value = flat[i + 1]!
    if (!NAME.test(name) || !VALUE.test(value)) throw new GatewayError('BAD_HEADER', `The field "${name}" cannot be sent.`)
    bytes += name.length + value.length + FIELD_BYTES
    if (DROPPED.has(name)) {
      if (name === 'host') headers[':authority'] = value
      continue
    }
    // TE says nothing in HTTP/2 but that trailers are welcome.
    if (name === 'te' && value !== 'trailers') continue
    const before = headers[name]
    headers[name] = before === undefined ? value : repeated(name, before, value)
  }
  if (bytes > Math.min(MOST_BYTES, to.limit)) throw new GatewayError('HEADERS_TOO_LARGE', `A head of ${bytes} bytes is more than is taken.`)
  return headers
}

/** Another value of a field. Joined where Node sends one only, so that the upstream sees all that the policies saw. */
function repeated(name: string, before: string | string[], value: string): string | string[] {
  if (typeof before !== 'string') {
    before.push(value)
    return before
  }
  if (name === 'content-length') throw new GatewayError('BAD_HEADER', 'The length of the body is given twice.')
  return SINGLE_FIELDS.has(name) ? `${before}, ${value}` : [before, value]
}

/** The head in a flat list of `node:http2`, whose first field is `:status`. */
export function fromHeaders(raw: readonly string[]): ResponseHead {
  return { status: Number(raw[1]), headers: new HeaderList(raw.slice(2)) }
}
