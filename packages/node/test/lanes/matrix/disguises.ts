import { isCarriedOn } from './protocols.ts'
import type { Fields, Spoken } from './spoken.ts'
import type { Lane } from '../support/describe-lanes.ts'

/** What made other gateways skip their policies: row 1 of `tests/regressions.json`, and its neighbours. */
const DISGUISES: readonly (readonly [string, Fields])[] = [
  ['nothing', []],
  ['Accept: text/event-stream', [['accept', 'text/event-stream']]],
  ['Content-Type: application/grpc', [['content-type', 'application/grpc']]],
  ['Content-Type: application/grpc-web+proto', [['content-type', 'application/grpc-web+proto']]],
  [
    'Upgrade: websocket',
    [
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['sec-websocket-version', '13'],
    ],
  ],
  [
    'Upgrade: h2c',
    [
      ['connection', 'Upgrade, HTTP2-Settings'],
      ['upgrade', 'h2c'],
      ['http2-settings', 'AAMAAABkAAQAoAAAAAIAAAAA'],
    ],
  ],
  ['Access-Control-Request-Method', [['access-control-request-method', 'GET']]],
  ['X-HTTP-Method-Override: OPTIONS', [['x-http-method-override', 'OPTIONS']]],
  ['X-Original-URL', [['x-original-url', '/public']]],
  [
    'Connection: authorization and the fields of policies',
    [['connection', 'authorization, x-auth-principal, x-request-id, origin, accept-encoding, vary, ratelimit']],
  ],
]

function isHttp2(lane: { readonly name: string }): boolean {
  return lane.name.startsWith('h2')
}

/** Whether on this lane these fields are no disguise: over HTTP/2 it is a call. */
export function isCall(lane: { readonly name: string }, fields: Fields): boolean {
  return isHttp2(lane) && fields.some(([name, value]) => name === 'content-type' && value === 'application/grpc')
}

/** Whether on this lane these fields are no disguise: over HTTP/1.1 it is a handshake, and what answers it is left alone. */
export function isHandshake(lane: { readonly name: string }, fields: Fields): boolean {
  return lane.name === 'head' && asksForWebSocket(fields)
}

function asksForWebSocket(fields: Fields): boolean {
  return fields.some(([name, value]) => name === 'upgrade' && value === 'websocket')
}

/** Those that a client of this lane can put on: HTTP/2 has no fields of one connection. */
export function disguisesOf(lane: { readonly name: string }): readonly (readonly [string, Fields])[] {
  if (!isHttp2(lane)) return DISGUISES
  return DISGUISES.filter(([, fields]) => fields.every(([name]) => name !== 'connection'))
}

/** Whether no protocol is told by these fields: whatever is spoken stays what it is. */
export function isPlain(fields: Fields): boolean {
  return fields.every(([name]) => name !== 'content-type' && name !== 'upgrade')
}

/** What a caller may be told whom a policy denies with a status. */
export function refusals(lane: Lane, spoken: Spoken, fields: Fields, denial: number): readonly number[] {
  if (isPlain(fields)) return [isCarriedOn(spoken, lane) ? denial : 501]
  if (isCall(lane, fields)) return [lane.isWeb ? 501 : denial]
  // A handshake is a GET.
  if (spoken.method !== 'GET' && lane.isNode && asksForWebSocket(fields)) return [400]
  return [denial, 501]
}
