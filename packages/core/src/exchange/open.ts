import { Context } from './request-context.ts'
import { GatewayError } from '../errors.ts'
import { isGrpc } from './grpc.ts'
import { hostName } from '../routing/hosts.ts'
import { IDENTITY_FIELDS } from './own-fields.ts'
import { pathOf } from '../routing/normalize.ts'
import { sameName } from '../headers.ts'
import type { Generation } from '../snapshot/current.ts'
import type { CompiledRoute, Match } from '../routing/compiled-route.ts'
import type { Peer } from './client.ts'
import type { Protocol, RequestHead } from './head.ts'
import type { Shared } from './request-context.ts'

/** Limits with every default filled in. */
export interface Limits {
  readonly uri: number
  readonly headers: number
  readonly headerCount: number
  /** `Infinity` for none. */
  readonly body: number
}

/** The two routes a gateway always has: requests that match nothing, and requests that are refused before matching. */
export interface BuiltInRoutes {
  readonly unmatched: CompiledRoute
  readonly rejected: CompiledRoute
}

/** What opening a request needs. */
export interface Opener {
  readonly shared: Shared
  readonly limits: Limits
  readonly builtIn: BuiltInRoutes
}

/** A request with its context; `refusal` tells why it goes no further. */
export interface Opened {
  readonly ctx: Context
  readonly refusal: GatewayError | null
}

/** What arrived at a listener. */
export interface Arrived {
  readonly request: RequestHead
  readonly peer: Peer
  /** Told by a listener whose framing says so (RFC 8441); otherwise the head tells. */
  readonly protocol?: Protocol
  /** What the listener can carry beside plain HTTP on this connection. */
  readonly carries?: readonly Protocol[]
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({})

/** The first steps of every request on every lane: limits, host, target, route. Takes over the lease. Never throws. */
export function openRequest(opener: Opener, lease: Generation, arrived: Arrived): Opened {
  const { request, peer } = arrived
  const { builtIn } = opener
  const scan = scanHead(request, opener.limits)
  const spoken = arrived.protocol ?? scan.protocol
  // Where the listener cannot carry it, the request is plain HTTP that is refused: its client may be no such client at all.
  const isCarried = spoken === 'http' || arrived.carries?.includes(spoken) === true
  // gRPC is POST and nothing else.
  const isCall = spoken !== 'grpc' || request.method === 'POST'
  const protocol = isCarried && isCall ? spoken : 'http'
  let taken = scan.hasIdentity ? IDENTITY_FIELDS.takeFrom(request.headers) : null
  const open = (found: Match, refusal: GatewayError | null, isPreflight = false): Opened => {
    const { split } = found.route
    const match = split === null ? found : { route: split.choose(request, { peer, trusted: opener.shared.trusted }), params: found.params }
    const { ownFields } = match.route
    if (ownFields !== null) taken = joined(taken, ownFields.takeFrom(request.headers))
    return { ctx: new Context(opener.shared, lease, { match, request, peer, protocol, isPreflight, taken }), refusal }
  }
  if (scan.error !== null) return open({ route: builtIn.rejected, params: NO_PARAMS }, scan.error)
  const sent = pathOf(request.target)
  if (sent === null) return open({ route: builtIn.rejected, params: NO_PARAMS }, new GatewayError('BAD_TARGET'))
  const { table } = lease.snapshot
  const asked = request.method === 'OPTIONS' ? preflightMethod(request) : undefined
  // An extended CONNECT (RFC 8441) stands for the GET of an upgrade.
  const method = protocol === 'websocket' && request.method === 'CONNECT' ? 'GET' : request.method
  const meant = table.meant(scan.host, asked ?? method, sent)
  if (meant === 'refused') return open({ route: builtIn.rejected, params: NO_PARAMS }, new GatewayError('BAD_TARGET'))
  const path = meant === null ? sent : meant.path
  // From here on it is a request for that path: no policy, plugin or log line sees another one than the one that is served.
  if (meant !== null) request.target = path + request.target.slice(sent.length)
  if (request.method === 'OPTIONS') {
    const match = asked === undefined ? null : table.match(scan.host, asked, path)
    // Without a policy that answers preflights, OPTIONS is a request like any other.
    if (match !== null && match.route.phases.onPreflight !== null) return open(match, null, true)
  }
  if (isCarried && !isCall) return open({ route: builtIn.unmatched, params: NO_PARAMS }, new MethodNotAllowed(['POST']))
  const match = table.match(scan.host, method, path)
  if (match !== null) return open(match, isCarried && match.route.carries[protocol] ? null : new GatewayError('NOT_SUPPORTED'))
  const allowed = table.allowed(scan.host, path)
  if (allowed.length === 0) return open({ route: builtIn.unmatched, params: NO_PARAMS }, new GatewayError('ROUTE_NOT_FOUND'))
  return open({ route: builtIn.unmatched, params: NO_PARAMS }, new MethodNotAllowed(allowed))
}

function joined(before: string[] | null, more: string[] | null): string[] | null {
  return before === null ? more : more === null ? before : [...before, ...more]
}

/** 405 with the `Allow` field that RFC 9110, section 15.5.6 requires. */
class MethodNotAllowed extends GatewayError {
  readonly allowed: readonly string[]

  constructor(allowed: readonly string[]) {
    super('METHOD_NOT_ALLOWED')
    this.allowed = allowed
  }

  override toReply(requestId?: string): ReturnType<GatewayError['toReply']> {
    const reply = super.toReply(requestId)
    reply.headers.set('allow', this.allowed.join(', '))
    return reply
  }
}

interface Scan {
  readonly host: string
  readonly error: GatewayError | null
  readonly protocol: Protocol
  /** Whether the client sent fields that only the gateway may set. */
  readonly hasIdentity: boolean
}

/** One pass over the head: limits, the Host rules of RFC 9112, section 3.2, and what the gateway cannot carry. */
function scanHead(request: RequestHead, limits: Limits): Scan {
  const refuse = (error: GatewayError): Scan => ({ host: '', error, protocol: 'http', hasIdentity: true })
  const { flat } = request.headers
  if (request.target.length > limits.uri) return refuse(new GatewayError('URI_TOO_LONG'))
  if (flat.length > limits.headerCount * 2) return refuse(new GatewayError('HEADERS_TOO_LARGE'))
  let bytes = 0
  let hosts = 0
  let host = ''
  let protocol: Protocol = 'http'
  let hasIdentity = false
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    const value = flat[i + 1]!
    bytes += name.length + value.length + 4
    if (name.length === 4 && sameName(name, 'host')) {
      hosts += 1
      host = value
    } else if (name.length === 7 && sameName(name, 'upgrade')) {
      if (isWebSocket(value)) protocol = 'websocket'
    } else if (name.length === 12 && sameName(name, 'content-type')) {
      if (isGrpc(value)) protocol = 'grpc'
    } else if (mayBeIdentity(name)) hasIdentity = true
  }
  if (bytes > limits.headers) return refuse(new GatewayError('HEADERS_TOO_LARGE'))
  if (hosts > 1) return refuse(new GatewayError('BAD_HOST'))
  if (request.target.charCodeAt(0) !== SLASH) {
    const authority = takeAbsoluteForm(request)
    if (authority === null) return refuse(new GatewayError('BAD_TARGET'))
    host = authority
  } else if (hosts === 0) return { host: '', error: null, protocol, hasIdentity }
  const name = hostName(host)
  return name === null ? refuse(new GatewayError('BAD_HOST')) : { host: name, error: null, protocol, hasIdentity }
}

/** `x`, anything, `a` or `o`, as the names of these fields begin: two letters tell enough to look closer. */
function mayBeIdentity(name: string): boolean {
  if (name.length <= 11 || (name.charCodeAt(0) | 0x20) !== 0x78) return false
  const third = name.charCodeAt(2) | 0x20
  return third === 0x61 || third === 0x6f
}

/** The method that a CORS preflight asks for (Fetch standard, section 3.3.2); `undefined` when the request is none. */
function preflightMethod(request: RequestHead): string | undefined {
  const { headers } = request
  return headers.has('origin') ? headers.get('access-control-request-method') : undefined
}

const SLASH = 0x2f

/** RFC 9112, section 3.2.2: the authority of an absolute target replaces the Host field. Changes the head; `null` when the target is neither form. */
function takeAbsoluteForm(request: RequestHead): string | null {
  const match = /^https?:\/\/([^/?#@]+)((?:[/?].*)?)$/i.exec(request.target)
  if (match === null) return null
  const rest = match[2]!
  request.target = rest.startsWith('/') ? rest : `/${rest}`
  request.headers.set('host', match[1]!)
  return match[1]!
}

/** Any other token, such as `h2c`, is ignored and the request served as it is (RFC 9110, section 7.8). */
function isWebSocket(upgrade: string): boolean {
  return upgrade
    .toLowerCase()
    .split(',')
    .some((token) => token.trim() === 'websocket')
}
