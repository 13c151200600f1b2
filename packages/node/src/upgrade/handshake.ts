import { createHash } from 'node:crypto'
import { GatewayError } from '@octopus-gateway/core'
import type { HeaderList, Reply } from '@octopus-gateway/core'
import type { IncomingMessage } from 'node:http'

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const VERSION = '13'

/** Whether a request that Node takes for an upgrade asks for WebSocket. HTTP/1.0 knows no upgrades (RFC 9110, section 7.8). */
export function asksForWebSocket(req: IncomingMessage): boolean {
  const { rawHeaders } = req
  if (req.httpVersionMinor === 0) return false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === 'upgrade' && tokensOf(rawHeaders[i + 1]!).includes('websocket')) return true
  }
  return false
}

/** What is wrong with the handshake of a client over HTTP/1.1 (RFC 6455, section 4.2.1), or `null`. */
export function handshakeProblem(method: string, headers: HeaderList): GatewayError | null {
  if (!headers.has('host')) return new GatewayError('BAD_HOST')
  if (method !== 'GET') return new GatewayError('BAD_REQUEST', 'A WebSocket handshake that is no GET.')
  // A body would be taken for the first bytes of the tunnel here, and for a body by the upstream.
  if (headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0')
    return new GatewayError('BAD_REQUEST', 'A WebSocket handshake with a body.')
  if (!/^[A-Za-z\d+/]{22}==$/.test(headers.getAll('sec-websocket-key') ?? ''))
    return new GatewayError('BAD_REQUEST', 'A WebSocket handshake without a valid key.')
  return versionProblem(headers)
}

/** The same for what HTTP/2 leaves of a handshake (RFC 8441, section 5): neither key nor connection fields. */
export function versionProblem(headers: HeaderList): GatewayError | null {
  const version = headers.getAll('sec-websocket-version')
  if (version === undefined) return new GatewayError('BAD_REQUEST', 'A WebSocket handshake without a version.')
  return version === VERSION ? null : new OtherVersion()
}

/** RFC 6455, section 4.4: the client is told the version that is spoken here. */
class OtherVersion extends GatewayError {
  constructor() {
    super('UPGRADE_REQUIRED')
  }

  override toReply(requestId?: string): Reply {
    const reply = super.toReply(requestId)
    reply.headers.set('upgrade', 'websocket')
    reply.headers.set('sec-websocket-version', VERSION)
    return reply
  }
}

/** What the holder of a key must be answered. */
export function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** What is wrong with a 101 (RFC 6455, section 4.1), or `null`. `asked` is the head that was sent. */
export function answerProblem(asked: HeaderList, answered: HeaderList): string | null {
  if (answered.getAll('upgrade')?.toLowerCase() !== 'websocket') return 'The upstream switched to another protocol.'
  if (!tokensOf(answered.getAll('connection') ?? '').includes('upgrade')) return 'The 101 of the upstream has no "Connection: Upgrade".'
  if (answered.getAll('sec-websocket-accept') !== acceptFor(asked.get('sec-websocket-key') ?? ''))
    return 'The Sec-WebSocket-Accept of the upstream is wrong.'
  return choiceProblem(asked, answered)
}

/** What is wrong with what an upstream has chosen among the offers, or `null`. */
export function choiceProblem(asked: HeaderList, answered: HeaderList): string | null {
  const protocols = answered.values('sec-websocket-protocol')
  const offered = listOf(asked.getAll('sec-websocket-protocol') ?? '')
  if (protocols.length > 1 || !protocols.every((protocol) => offered.includes(protocol)))
    return 'The upstream chose a subprotocol that was not offered.'
  const extensions = extensionsOf(answered)
  const known = extensionsOf(asked)
  return extensions.every((extension) => known.includes(extension)) ? null : 'The upstream chose an extension that was not offered.'
}

function tokensOf(field: string): string[] {
  return listOf(field.toLowerCase())
}

function listOf(field: string): string[] {
  return field.split(',').map((element) => element.trim())
}

/** The names only: parameters are the peers' own matter. */
function extensionsOf(headers: HeaderList): string[] {
  const field = headers.getAll('sec-websocket-extensions') ?? ''
  return (field.match(/(?:[^,"]|"[^"]*")+/g) ?? [])
    .map((element) => element.split(';', 1)[0]!.trim().toLowerCase())
    .filter((name) => name !== '')
}
