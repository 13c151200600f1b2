import { createServer } from 'node:http'
import { refuseMalformed, writeProblem } from './malformed.ts'
import { UpgradeListener } from './upgrade/upgrade-listener.ts'
import type { Listener } from './listener.ts'
import type { Patience } from './serve-options.ts'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** HTTP/1.1 in. */
export interface Http1 {
  readonly server: Server
  /** Takes a connection that is known to speak HTTP/1.1, over TLS or not. */
  accept(socket: Socket): void
  /** Timeouts and limits have changed. */
  update(): void
}

/**
 * `node:http`, in two parts: the server listens, and `accept` takes a connection that is known to speak HTTP/1.1, over TLS or not. A `connection`
 * event goes to whoever listens for it.
 */
export function createHttp1(listener: Listener, patience: Patience): Http1 {
  const server = createServer({
    // A piece as large as one read of an upstream is taken without a pause: with Node's 16 KiB every one of them would wait for a drain.
    highWaterMark: 128 * 1024,
    // The gateway answers a missing Host itself, with a problem document.
    requireHostHeader: false,
    // How often Node looks for late heads: its default of 30 s would turn 10 s into 40.
    connectionsCheckingInterval: Math.max(100, Math.min(1_000, patience.header / 4)),
  })
  // Node would drop what is over the number silently; the gateway counts and refuses.
  server.maxHeadersCount = 0
  server.timeout = 0
  const update = (): void => {
    const { header, keepAlive, request } = patience
    const { limits } = listener.lanes.opener
    // A head that may take longer than the whole request makes no sense.
    server.headersTimeout = request === 0 ? header : Math.min(header, request)
    server.requestTimeout = request
    server.keepAliveTimeout = keepAlive
    Object.assign(server, { maxHeaderSize: limits.headers + limits.uri })
  }
  update()
  server.on('clientError', (error, socket) => {
    if (refuseMalformed(error, socket)) listener.lanes.metrics.rejected(isLate(error) ? 'header_timeout' : 'malformed')
  })
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
  return { server, accept, update }
}

function isLate(error: Error & { code?: string }): boolean {
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
}
