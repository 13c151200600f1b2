import { createServer } from 'node:http'
import { LANES } from '@octopus-gateway/core/lane'
import { Listener } from './listener.ts'
import { listen } from './listen.ts'
import { toMilliseconds } from '@octopus-gateway/core'
import { Wires } from './wires.ts'
import { Connection } from './connection.ts'
import { refuseMalformed, writeProblem } from './malformed.ts'
import type { Duration, Gateway } from '@octopus-gateway/core'
import type { LaneHost } from '@octopus-gateway/core/lane'
import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'

/** How a gateway listens. */
export interface ServeOptions {
  /** Default 8080; 0 takes any free port. */
  readonly port?: number
  /** Default `0.0.0.0`: every interface. */
  readonly host?: string
  readonly timeouts?: {
    /** For a request head to arrive. Default 10s; later is 408. */
    readonly header?: Duration
    /** Longest silence of a client in the middle of a message, sending or reading. Default 60s. */
    readonly idle?: Duration
    /** How long an idle connection is kept. Default 75s. */
    readonly keepAlive?: Duration
    /** For a whole request, body included. Default: no limit, so that long uploads pass. */
    readonly requestBody?: Duration
  }
  readonly limits?: {
    /** Connections in all. Default 10000; more are closed at once. */
    readonly connections?: number
    /** Connections from one address. Default: no limit. Behind a proxy all clients share its address. */
    readonly connectionsPerIp?: number
  }
}

/** A listening server. */
export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:8080`; the wildcard address is shown as loopback. */
  readonly url: string
  readonly port: number
  /** Stops accepting, lets requests under way finish for `grace` (default 10s), then closes what is left. An idle server closes at once. */
  close(options?: { readonly grace?: Duration }): Promise<void>
}

const DEFAULT_GRACE = '10s'

/**
 * Serves a gateway over HTTP/1.1. Resolves when it listens; rejects with the listen error (`EADDRINUSE`…) or, when the gateway's configuration
 * is invalid, with its `ConfigError`.
 *
 * @example
 * const server = await serve(gateway, { port: 8080 })
 * process.once('SIGTERM', () => server.close({ grace: '30s' }))
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Server> {
  await gateway.ready
  const lanes = (gateway as Gateway & { readonly [LANES]: LaneHost })[LANES]
  const wire = new Wires()
  const listener = new Listener(lanes, wire, { clientIdle: toMilliseconds(options.timeouts?.idle ?? '60s') })
  const server = createHttpServer(lanes, options)
  server.on('request', listener.handle)
  server.on('checkContinue', listener.handleExpecting)
  // RFC 9110, section 10.1.1 leaves it open: an expectation that is not known is not met, and the request goes on without it.
  server.on('checkExpectation', listener.handle)
  // A gateway in front of services is no tunnel.
  server.on('connect', (_req, socket) => writeProblem(socket as Socket, 'NOT_SUPPORTED'))
  const sockets = watchConnections(server, lanes, options)
  return listen(server, {
    port: options.port ?? 8080,
    host: options.host ?? '0.0.0.0',
    async close(grace = DEFAULT_GRACE) {
      listener.isClosing = true
      await closeServer(server, { graceMs: toMilliseconds(grace), sockets, isBusy: (socket) => Connection.of(socket).size > 0 })
      await wire.close(1_000)
    },
  })
}

function createHttpServer(lanes: LaneHost, options: ServeOptions): HttpServer {
  const { timeouts = {} } = options
  const header = toMilliseconds(timeouts.header ?? '10s')
  const request = timeouts.requestBody === undefined ? 0 : toMilliseconds(timeouts.requestBody)
  const server = createServer({
    // A piece as large as one read of an upstream is taken without a pause: with Node's 16 KiB every one of them would wait for a drain.
    highWaterMark: 128 * 1024,
    maxHeaderSize: lanes.opener.limits.headers + lanes.opener.limits.uri,
    // The gateway answers a missing Host itself, with a problem document.
    requireHostHeader: false,
    // Node refuses a head that may take longer than the whole request.
    headersTimeout: request === 0 ? header : Math.min(header, request),
    requestTimeout: request,
    keepAliveTimeout: toMilliseconds(timeouts.keepAlive ?? '75s'),
    // How often Node looks for late heads: its default of 30 s would turn 10 s into 40.
    connectionsCheckingInterval: Math.max(100, Math.min(1_000, header / 4)),
  })
  // Node would drop what is over the number silently; the gateway counts and refuses.
  server.maxHeadersCount = 0
  server.timeout = 0
  server.on('clientError', refuseMalformed)
  return server
}

function watchConnections(server: HttpServer, lanes: LaneHost, options: ServeOptions): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  const perIp = options.limits?.connectionsPerIp ?? Infinity
  server.maxConnections = options.limits?.connections ?? 10_000
  const counts = new Map<string, number>()
  server.on('connection', (socket) => {
    const ip = socket.remoteAddress ?? ''
    const count = (counts.get(ip) ?? 0) + 1
    counts.set(ip, count)
    sockets.add(socket)
    lanes.metrics.connections(1)
    socket.once('close', () => {
      sockets.delete(socket)
      lanes.metrics.connections(-1)
      const left = counts.get(ip)! - 1
      if (left === 0) counts.delete(ip)
      else counts.set(ip, left)
    })
    if (count > perIp) socket.destroy()
  })
  return sockets
}

/** What is needed to close a server. */
interface Closing {
  readonly graceMs: number
  /** All open connections. */
  readonly sockets: ReadonlySet<Socket>
  /** Whether a request is under way on a connection. */
  isBusy(socket: Socket): boolean
}

/** Resolves when every connection is gone. */
export async function closeServer(server: HttpServer, { graceMs, sockets, isBusy }: Closing): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // Not `closeIdleConnections`: Node takes a connection that has not sent anything yet for a busy one.
  for (const socket of sockets) if (!isBusy(socket)) socket.destroy()
  const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs)
  await closed.finally(() => clearTimeout(timer))
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
}
