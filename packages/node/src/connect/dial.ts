import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { GatewayError } from '@octopus-gateway/core'
import { tlsOptions } from './tls-options.ts'
import type { OnReadOpts, Socket } from 'node:net'
import type { Tickets } from './tickets.ts'
import type { TLSSocket } from 'node:tls'
import type { Transport } from '@octopus-gateway/core'

/** A connection to make. */
export interface Dialled {
  /** `https://10.0.0.7:8443`; its scheme decides about TLS. */
  readonly origin: string
  readonly transport: Transport
  /** The protocols offered by ALPN (RFC 7301), the preferred one first. Only for `https`. */
  readonly alpn: readonly string[]
  /** Milliseconds until the connection must stand, TLS included. */
  readonly timeout: number
  /** TLS sessions to resume, and where new ones go. */
  readonly tickets: Tickets
  /** Where bytes are read to, when the socket is not to be a stream of pieces. */
  readonly onread?: OnReadOpts
}

/** Gets the connection, or why there is none. Called once. */
export type DialOutcome = (error: GatewayError | null, socket: Socket) => void

/** How often the system looks whether the other side of a quiet connection is still there. */
const KEEP_ALIVE_MS = 30_000

/** Connects to an endpoint, with TLS where its origin says so. A failure is `UPSTREAM_CONNECT`: nothing of a request has been sent. */
export function dial(wanted: Dialled, outcome: DialOutcome): Socket {
  const { origin, timeout, onread } = wanted
  const isSecure = origin.startsWith('https:')
  const socket = isSecure ? dialTls(wanted) : connectTcp({ ...addressOf(origin), ...(onread === undefined ? {} : { onread }) })
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  const timer = setTimeout(() => socket.destroy(new GatewayError('UPSTREAM_CONNECT', `no connection within ${timeout} ms`)), timeout)
  const failed = (thrown: Error): void => settle(connectError(origin, thrown))
  const closed = (): void => settle(new GatewayError('UPSTREAM_CONNECT', `${origin}: the connection was closed before it stood`))
  const settle = (error: GatewayError | null): void => {
    clearTimeout(timer)
    socket.off('close', closed)
    socket.off('error', failed)
    // The next owner listens; until it does, and after a failure, an error must have somebody who takes it.
    socket.on('error', () => {})
    outcome(error, socket)
  }
  socket.once('error', failed)
  socket.once('close', closed)
  socket.once(isSecure ? 'secureConnect' : 'connect', () => settle(null))
  return socket
}

function dialTls({ origin, transport, alpn, tickets, onread }: Dialled): TLSSocket {
  const address = addressOf(origin)
  const session = tickets.get(origin)
  const socket = connectTls({
    ...address,
    ...tlsOptions(transport, address.host),
    ALPNProtocols: [...alpn],
    ...(session === undefined ? {} : { session }),
    ...(onread === undefined ? {} : { onread }),
  })
  return socket.on('session', (ticket: Buffer) => tickets.set(origin, ticket))
}

/** Where an origin is. An IPv6 address comes without its brackets. */
function addressOf(origin: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port } = new URL(origin)
  return {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  }
}

/** Without a common protocol a server ends the handshake with this alert (RFC 7301, section 3.2). */
const NO_COMMON_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

/** The reason goes to the log; a client sees the title of the code only. */
function connectError(origin: string, thrown: Error & { code?: string }): GatewayError {
  const code = thrown.code ?? thrown.name
  if (code === NO_COMMON_PROTOCOL) return new GatewayError('UPSTREAM_PROTOCOL', `${origin} speaks none of the protocols offered`, thrown)
  const reason = GatewayError.is(thrown) ? thrown.message : `${thrown.message} (${code})`
  return new GatewayError('UPSTREAM_CONNECT', `${origin}: ${reason}`, thrown)
}
