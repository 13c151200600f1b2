import { GatewayError } from '@octopus-gateway/core'
import { SINGLE_FIELDS } from '../single-fields.ts'
import type { OutgoingHttpHeaders } from 'node:http2'

/** Fields of one connection have no place in HTTP/2 (RFC 9113, section 8.2.2). */
const NOT_IN_HTTP2 = new Set(['connection', 'http2-settings', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade'])

const NAME = /^[\w!#$%&'*+.^`|~-]+$/
/** `node:http2` passes fields to nghttp2 as one text that it splits at NUL: a value with one would become fields of its own. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
/** A client must take a value with blanks around it for malformed (RFC 9113, section 8.2.1). */
const HAS_BLANKS = /^[\t ]|[\t ]$/

/**
 * A flat list as `node:http2` takes it: lower-case names, repeated fields as arrays. Throws `INTERNAL` for what is no field, as `node:http`
 * does, so that nothing half-right reaches the client.
 */
export function responseFields(flat: readonly string[]): OutgoingHttpHeaders {
  const fields = Object.create(null) as OutgoingHttpHeaders
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase()
    const given = flat[i + 1]!
    const value = HAS_BLANKS.test(given) ? given.trim() : given
    if (NOT_IN_HTTP2.has(name)) continue
    if (!NAME.test(name) || NOT_IN_VALUE.test(value))
      throw new GatewayError(
        'INTERNAL',
        `The field ${JSON.stringify(name)} cannot be sent: its name or value has characters that no field has.`,
      )
    const before = fields[name]
    if (before === undefined) fields[name] = value
    // RFC 9110, section 5.3: joined with a comma a repeated field means the same.
    else if (SINGLE_FIELDS.has(name)) fields[name] = `${String(before)}, ${value}`
    else if (Array.isArray(before)) before.push(value)
    else fields[name] = [String(before), value]
  }
  return fields
}
