import { GatewayError } from '@octopus-gateway/core'
import { isAll, TARGET, TEXT, TOKEN } from './grammar.ts'
import type { NodeUpload } from '../flow.ts'
import type { RequestHead } from '@octopus-gateway/core'

/** A request head as it goes onto the connection. */
export interface RequestStart {
  /** Up to and including the empty line. Characters stand for bytes (latin1). */
  readonly text: string
  /** Bytes of body that the head promises; `Infinity` for chunks. */
  readonly length: number
  /** Whether the head says that no request follows on its connection. */
  readonly isLast: boolean
}

/** Methods for which servers expect to be told that there is no content (RFC 9110, section 8.6). */
const EXPECTING_CONTENT = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/**
 * Writes a head. What would let one request be read as two is refused whoever put it there: bytes that end a line, framing fields, lengths that
 * are not that of the body. Throws `BAD_HEADER`.
 */
export function requestStart(head: RequestHead, body: NodeUpload): RequestStart {
  const { method, target } = head
  if (method === '' || !isAll(method, TOKEN) || method === 'CONNECT') throw bad('The method cannot be sent.')
  if ((target.charCodeAt(0) !== SLASH && target !== '*') || !isAll(target, TARGET)) throw bad('The target cannot be sent.')
  const { flat } = head.headers
  let text = `${method} ${target} HTTP/1.1\r\n`
  let isLast = false
  let hosts = 0
  let declared = -1
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    const value = flat[i + 1]!
    if (name === '' || !isAll(name, TOKEN) || !isAll(value, TEXT)) throw bad('A field has characters that cannot be sent.')
    if (SPECIAL_LENGTHS[name.length] === 1) {
      const lower = name.toLowerCase()
      if (lower === 'host') hosts += 1
      else if (lower === 'content-length') {
        if (declared !== -1 || !/^\d{1,15}$/.test(value)) throw bad('Content-Length is invalid.')
        declared = Number(value)
      } else if (lower === 'connection') {
        isLast ||= closes(value)
        continue
      } else if (HOP.has(lower)) throw bad(`Field "${name}" belongs to the connection and cannot be sent.`)
    }
    text += `${name}: ${value}\r\n`
  }
  if (hosts !== 1) throw bad('There must be one Host.')
  const length = lengthOf(body, declared)
  if (length === Infinity) text += 'transfer-encoding: chunked\r\n'
  else if (declared === -1 && (length > 0 || EXPECTING_CONTENT.has(method))) text += `content-length: ${length}\r\n`
  // The default of HTTP/1.1, said all the same: some servers tell how long they keep a connection only to those who say it.
  text += isLast ? 'connection: close\r\n\r\n' : 'connection: keep-alive\r\n\r\n'
  return { text, length, isLast }
}

const SLASH = 0x2f
/** Fields that the wire writes itself or that would change what the connection speaks. */
const HOP = new Set(['expect', 'keep-alive', 'transfer-encoding', 'upgrade'])
const SPECIAL_LENGTHS = new Uint8Array(256)
for (const name of [...HOP, 'connection', 'content-length', 'host']) SPECIAL_LENGTHS[name.length] = 1

function closes(value: string): boolean {
  const option = value.toLowerCase()
  if (option !== 'close' && option !== 'keep-alive') throw bad('Connection cannot be sent with other options than close and keep-alive.')
  return option === 'close'
}

function lengthOf(body: NodeUpload, declared: number): number {
  if (body === null || body instanceof Uint8Array) {
    const length = body === null ? 0 : body.length
    if (declared !== -1 && declared !== length) throw bad('Content-Length is not the length of the body.')
    return length
  }
  return declared === -1 ? Infinity : declared
}

function bad(message: string): GatewayError {
  return new GatewayError('BAD_HEADER', message)
}
