import { authorityOf } from './authority.ts'
import { GatewayError } from '../errors.ts'
import { formatGrpcTimeout } from './grpc-timeout.ts'
import { HeaderList } from '../headers.ts'
import type { Context } from './request-context.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { Protocol, RequestHead, ResponseHead } from './head.ts'

const VIA = '1.1 octopus'

/**
 * Fields of a request that never go on as they came, by lower-case name: those of one hop (RFC 9110, section 7.6.1), those the gateway writes
 * itself, and those by which frameworks let a caller replace the path that was matched.
 */
const DROPPED_REQUEST = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'via',
  'forwarded',
  'x-real-ip',
  'x-request-id',
  'x-original-url',
  'x-rewrite-url',
])
const DROPPED_RESPONSE = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'trailer'])
const DROPPED_LENGTHS = lengthsOf(DROPPED_REQUEST)
const DROPPED_RESPONSE_LENGTHS = lengthsOf(DROPPED_RESPONSE)

/** Fields that a `Connection` field may not remove: framing, and what the gateway sets or trusts. An attacker could hide them from the upstream. */
const NOT_FOR_CONNECTION = new Set([
  'content-length',
  'content-type',
  'host',
  'via',
  'forwarded',
  'traceparent',
  'tracestate',
  'authorization',
  'cookie',
  'cache-control',
])

/** The head for one attempt: hop-by-hop fields out, forwarding fields written by the gateway, target rewritten, host by the upstream's rule. */
export function outgoingHead(ctx: Context, endpoint: Endpoint): RequestHead {
  const { request, route } = ctx
  const inbound = request.headers.flat
  const flat: string[] = [
    'host',
    ctx.upstream.hostMode === 'upstream' ? authorityOf(endpoint.origin) : (request.headers.get('host') ?? authorityOf(endpoint.origin)),
  ]
  const seen: Forwarding = { via: null, forwarded: null, for: null, host: null, proto: null, port: null }
  const nominated = nominatedFields(request.headers)
  for (let i = 0; i < inbound.length; i += 2) {
    const name = inbound[i]!
    const value = inbound[i + 1]!
    const { length } = name
    // Most names have a length that none of the special ones has.
    if (DROPPED_LENGTHS[length] === 1 || nominated !== null || startsWithForwarded(name)) {
      const lower = name.toLowerCase()
      if (name.includes('_') && isWrittenByGateway(lower.replaceAll('_', '-'))) continue
      if (lower === 'via') seen.via = joined(seen.via, value)
      else if (lower === 'forwarded') seen.forwarded = joined(seen.forwarded, value)
      if (DROPPED_REQUEST.has(lower)) continue
      if (lower.startsWith('x-forwarded-')) {
        if (ctx.peer.trusted && !keepForwarded(seen, lower, value)) flat.push(name, value)
        continue
      }
      if (nominated !== null && nominated.has(lower)) continue
    }
    flat.push(name, value)
  }
  writeForwarding(ctx, seen, flat)
  const headers = new HeaderList(flat)
  if (ctx.isBodyReplaced) headers.delete('content-length')
  if (ctx.protocol === 'grpc') writeGrpc(ctx, headers)
  const head: RequestHead = { method: request.method, target: request.target, headers }
  route.rewrite(head)
  return head
}

/** What gRPC needs whether the client said it or not: an upstream answers without trailers to whom does not take them. The time is what is left. */
function writeGrpc(ctx: Context, headers: HeaderList): void {
  headers.set('te', 'trailers')
  headers.delete('grpc-previous-rpc-attempts')
  const before = ctx.attempts.filter(({ error }) => error?.spec.retry !== 'always').length
  if (before > 0) headers.set('grpc-previous-rpc-attempts', String(before))
  const remaining = ctx.callRemaining
  if (remaining === Infinity) headers.delete('grpc-timeout')
  else headers.set('grpc-timeout', formatGrpcTimeout(remaining))
}

/** Forwarding fields of the request that a trusted proxy may vouch for. */
interface Forwarding {
  via: string | null
  forwarded: string | null
  for: string | null
  host: string | null
  proto: string | null
  port: string | null
}

function keepForwarded(seen: Forwarding, lower: string, value: string): boolean {
  const key = lower.slice('x-forwarded-'.length)
  if (key !== 'for' && key !== 'host' && key !== 'proto' && key !== 'port') return false
  seen[key] = key === 'for' ? joined(seen.for, value) : value
  return true
}

function writeForwarding(ctx: Context, seen: Forwarding, flat: string[]): void {
  const { peer } = ctx
  const { headers } = ctx.request
  const host = headers.get('host')
  const proto = peer.secure ? 'https' : 'http'
  if (peer.ip !== '') {
    flat.push('x-forwarded-for', ctx.peer.trusted && seen.for !== null ? `${seen.for}, ${peer.ip}` : peer.ip)
    const element = forwardedElement(peer.ip, host, proto)
    flat.push('forwarded', ctx.peer.trusted && seen.forwarded !== null ? `${seen.forwarded}, ${element}` : element)
  }
  const forwardedHost = ctx.peer.trusted && seen.host !== null ? seen.host : host
  if (forwardedHost !== undefined) flat.push('x-forwarded-host', forwardedHost)
  flat.push('x-forwarded-proto', ctx.peer.trusted && seen.proto !== null ? seen.proto : proto)
  if (ctx.peer.trusted && seen.port !== null) flat.push('x-forwarded-port', seen.port)
  flat.push('x-request-id', ctx.id, 'via', seen.via === null ? VIA : `${seen.via}, ${VIA}`)
}

/** RFC 7239: an IPv6 address in brackets and quotes, a host with a port in quotes. */
function forwardedElement(peer: string, host: string | undefined, proto: string): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer
  const by = host === undefined ? '' : `;host=${host.includes(':') ? `"${host}"` : host}`
  return `for=${node}${by};proto=${proto}`
}

/** The head of an upstream's answer as the client may see it. The list is the upstream's own, changed in place. */
export function responseHead(head: ResponseHead, protocol: Protocol = 'http'): ResponseHead {
  const { status, headers } = head
  if ((status < 200 && !(status === 101 && protocol === 'websocket')) || status > 599)
    throw new GatewayError('UPSTREAM_PROTOCOL', `The upstream answered with status ${status}.`)
  const { flat } = headers
  const nominated = nominatedFields(headers)
  const noLength = status === 204
  let via: string | null = null
  let to = 0
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    const value = flat[i + 1]!
    if (DROPPED_RESPONSE_LENGTHS[name.length] === 1 || name.length === 3 || noLength || nominated !== null) {
      const lower = name.toLowerCase()
      if (lower === 'via') {
        via = joined(via, value)
        continue
      }
      if (DROPPED_RESPONSE.has(lower) || (noLength && lower === 'content-length') || nominated?.has(lower)) continue
    }
    flat[to] = name
    flat[to + 1] = value
    to += 2
  }
  flat.length = to
  flat.push('via', via === null ? VIA : `${via}, ${VIA}`)
  return head
}

/** RFC 9110, section 7.6.1: fields named by `Connection` are for this hop only; `null` when it names none. */
function nominatedFields(headers: HeaderList): Set<string> | null {
  const connection = headers.getAll('connection')
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return null
  const names = new Set<string>()
  for (const token of connection.toLowerCase().split(',')) {
    const name = token.trim()
    if (name !== '' && !NOT_FOR_CONNECTION.has(name) && !name.startsWith('x-forwarded-')) names.add(name)
  }
  return names.size === 0 ? null : names
}

/** CGI and WSGI servers read `X_Forwarded_For` as `X-Forwarded-For`: no proxy vouches for that spelling, so it goes. */
function isWrittenByGateway(lower: string): boolean {
  return DROPPED_REQUEST.has(lower) || lower.startsWith('x-forwarded-')
}

/** Whether a name may begin with `x-forwarded-`, with `-` or `_`: two letters tell enough to look closer. */
function startsWithForwarded(name: string): boolean {
  return name.length > 12 && (name.charCodeAt(0) | 0x20) === 0x78 && (name.charCodeAt(2) | 0x20) === 0x66
}

function joined(before: string | null, value: string): string {
  return before === null ? value : `${before}, ${value}`
}

function lengthsOf(names: ReadonlySet<string>): Uint8Array {
  const lengths = new Uint8Array(256)
  for (const name of names) lengths[name.length] = 1
  return lengths
}
