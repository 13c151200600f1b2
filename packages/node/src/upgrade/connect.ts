import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { GatewayError } from '@octopus-gateway/core'
import { ignore } from './held.ts'
import type { Socket } from 'node:net'
import type { Transport } from '@octopus-gateway/core'

/** Where a connection goes. */
export interface Destination {
  readonly origin: string
  readonly transport: Transport
  /** Milliseconds until it must be there, TLS included. */
  readonly timeout: number
}

/** Called once: with `null` when the connection is there, with the failure otherwise. */
type Told = (error: GatewayError | null) => void

/** A connection of its own to an endpoint, for one tunnel. */
export function connectTo({ origin, transport, timeout }: Destination, told: Told): Socket {
  const { protocol, hostname, port } = new URL(origin)
  const isSecure = protocol === 'https:'
  // Half-open: what one side has still to say is carried after the other has finished.
  const options = {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    allowHalfOpen: true,
    noDelay: true,
    highWaterMark: 128 * 1024,
  }
  const socket = isSecure ? connectTls({ ...options, ...tlsOptions(options.host, transport) }) : connectTcp(options)
  let isTold = false
  const tell: Told = (error) => {
    if (isTold) return
    isTold = true
    clearTimeout(timer)
    told(error)
    if (error !== null) socket.destroy()
  }
  const timer = setTimeout(() => tell(failure(origin, `no connection within ${timeout} ms`)), timeout)
  socket.once(isSecure ? 'secureConnect' : 'connect', () => tell(null))
  socket.once('error', (thrown: Error) => tell(failure(origin, thrown.message, thrown)))
  socket.once('close', () => tell(failure(origin, 'the connection was closed')))
  socket.on('error', ignore)
  return socket
}

function tlsOptions(host: string, { tls }: Transport): object {
  return {
    // HTTP/1.1 alone knows this way of upgrading.
    ALPNProtocols: ['http/1.1'],
    servername: tls?.serverName ?? (isIP(host) === 0 ? host : ''),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    rejectUnauthorized: tls?.verify ?? true,
  }
}

function failure(origin: string, reason: string, cause?: Error): GatewayError {
  return new GatewayError('UPSTREAM_CONNECT', `${origin}: ${reason}`, cause)
}
