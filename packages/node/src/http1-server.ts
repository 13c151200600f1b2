import { createServer } from 'node:http'
import { refuseMalformed, writeProblem } from './malformed.ts'
import { UpgradeListener } from './upgrade/upgrade-listener.ts'
import type { Listener } from './listener.ts'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** How long things may take, in milliseconds. */
export interface Http1Timeouts {
  readonly header: number
  readonly keepAlive: number
  /** 0 for no limit. */
  readonly request: number
}

/**
 * `node:http`, in two parts: the server listens, and `accept` takes a connection that is known to speak HTTP/1.1, over TLS or not. A `connection`
 * event goes to whoever listens for it.
 */
export function createHttp1(listener: Listener, timeouts: Http1Timeouts): { server: Server; accept(socket: Socket): void } {
  const { limits } = listener.lanes.opener
  const { header, request } = timeouts
  const server = createServer({
    // A piece as large as one read of an upstream is taken without a pause: with Node's 16 KiB every one of them would wait for a drain.
    highWaterMark: 128 * 1024,
    maxHeaderSize: limits.headers + limits.uri,
    // The gateway answers a missing Host itself, with a problem document.
    requireHostHeader: false,
    // Node refuses a head that may take longer than the whole request.
    headersTimeout: request === 0 ? header : Math.min(header, request),
    requestTimeout: request,
    keepAliveTimeout: timeouts.keepAlive,
    // How often Node looks for late heads: its default of 30 s would turn 10 s into 40.
    connectionsCheckingInterval: Math.max(100, Math.min(1_000, header / 4)),
  })
  // Node would drop what is over the number silently; the gateway counts and refuses.
  server.maxHeadersCount = 0
  server.timeout = 0
  server.on('clientError', refuseMalformed)
  server.on('request', listener.handle)
  server.on('checkContinue', listener.handleExpecting)
  // RFC 9110, section 10.1.1 leaves it open: an expectation that is not known is not met, and the request goes on without it.
  server.on('checkExpectation', listener.handle)
  // A gateway in front of services is no tunnel.
  server.on('connect', (_req, socket) => writeProblem(socket as Socket, 'NOT_SUPPORTED'))
  const take = server.listeners('connection')
  server.removeAllListeners('connection')
  const accept = (socket: Socket): void => {
    for (const listen of take) Reflect.apply(listen, server, [socket])
  }
  server.on('upgrade', new UpgradeListener(listener, accept).handle)
  return { server, accept }
}
