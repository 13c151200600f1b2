import { Connections } from './connections.ts'
import { createHttp1 } from './http1-server.ts'
import { HEALTH, LANES } from '@octopus-gateway/core/lane'
import { Listener } from './listener.ts'
import { listening, listenOn } from './listen.ts'
import { NodeProber } from './health/prober.ts'
import { peek } from './peek.ts'
import { SecureListener } from './tls/secure-listener.ts'
import { StreamListener } from './http2-server/stream-listener.ts'
import { toMilliseconds } from '@octopus-gateway/core'
import { Wires } from './wires.ts'
import type { Duration, Gateway } from '@octopus-gateway/core'
import type { HealthControl, LaneHost } from '@octopus-gateway/core/lane'
import type { Server as NetServer, Socket } from 'node:net'
import type { TlsOptions } from './tls/options.ts'
import type { TLSSocket } from 'node:tls'
import type { UpstreamClient } from './wires.ts'

/** How a gateway listens. */
export interface ServeOptions {
  /** Default 8080; 0 takes any free port. */
  readonly port?: number
  /** Default `0.0.0.0`: every interface. Also of HTTPS. */
  readonly host?: string
  /** HTTPS beside HTTP. Default: none. */
  readonly tls?: TlsOptions
  readonly timeouts?: {
    /** For a request head to arrive, and for a TLS handshake. Default 10s; later is 408. */
    readonly header?: Duration
    /** Longest silence of a client in the middle of a message, sending or reading. Default 60s. */
    readonly idle?: Duration
    /** How long an idle connection is kept. Default 75s. */
    readonly keepAlive?: Duration
    /** For a whole request, body included. Default: no limit, so that long uploads pass. */
    readonly requestBody?: Duration
  }
  readonly limits?: {
    /** Connections in all, over HTTP and HTTPS together. Default 10000; more are closed at once. */
    readonly connections?: number
    /** Connections from one address. Default: no limit. Behind a proxy all clients share its address. */
    readonly connectionsPerIp?: number
  }
  /**
   * Who speaks HTTP/1.1 to upstreams. Default `native`: a client made for a gateway, stricter with answers and cheaper than undici; it passes
   * interim answers and trailer fields on. `undici` is the well-known one, for a second opinion when an upstream is suspected.
   */
  readonly upstreamClient?: UpstreamClient
}

/** A listening server. */
export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:8080`; the wildcard address is shown as loopback. */
  readonly url: string
  readonly port: number
  /** `https://127.0.0.1:8443`; `undefined` without TLS. */
  readonly tls: { readonly url: string; readonly port: number } | undefined
  /** Stops accepting, lets requests under way finish for `grace` (default 10s), then closes what is left. An idle server closes at once. */
  close(options?: { readonly grace?: Duration }): Promise<void>
}

const DEFAULT_GRACE = '10s'

/**
 * Serves a gateway over HTTP/1.1 and HTTP/2: in the clear, HTTP/2 for clients that know it is spoken (RFC 9113, section 3.3), and over TLS as
 * client and server agree. Resolves when it listens; rejects with the listen error (`EADDRINUSE`…), or with a `ConfigError` when the gateway's
 * configuration or a certificate is invalid.
 *
 * @example
 * const server = await serve(gateway, { port: 8080, tls: { certificates: [{ cert: 'tls.crt', key: 'tls.key' }] } })
 * process.once('SIGTERM', () => server.close({ grace: '30s' }))
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Server> {
  await gateway.ready
  const inside = gateway as Gateway & { readonly [LANES]: LaneHost; readonly [HEALTH]: HealthControl }
  const lanes = inside[LANES]
  const { log } = lanes.opener.shared
  const { host = '0.0.0.0', timeouts = {}, limits = {}, tls } = options
  const head = toMilliseconds(timeouts.header ?? '10s')
  const secure = tls === undefined ? null : await SecureListener.create(tls, { handshake: head, log })
  const wire = new Wires(options.upstreamClient)
  const prober = new NodeProber(options.upstreamClient)
  const probing = inside[HEALTH].use(prober)
  const listener = new Listener(lanes, wire, { clientIdle: toMilliseconds(timeouts.idle ?? '60s') })
  const keepAlive = toMilliseconds(timeouts.keepAlive ?? '75s')
  const streams = new StreamListener(listener, { preface: head, keepAlive, log })
  const http1 = createHttp1(listener, {
    header: head,
    keepAlive,
    request: timeouts.requestBody === undefined ? 0 : toMilliseconds(timeouts.requestBody),
  })
  const connections = new Connections(lanes, {
    all: limits.connections ?? 10_000,
    perIp: limits.connectionsPerIp ?? Infinity,
  })
  http1.server.on('connection', (socket) => {
    if (!connections.admit(socket)) return
    connections.speaks(socket)
    peek(socket, head, { http1: http1.accept, http2: (known) => streams.accept(known) })
  })
  secure?.server.on('connection', (socket: Socket) => void connections.admit(socket))
  secure?.server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', ignore)
    if (!secure.admit(socket)) {
      socket.destroy()
      return
    }
    connections.speaks(socket)
    if (socket.alpnProtocol === 'h2') streams.accept(socket)
    else http1.accept(socket)
  })
  const closeAll = async (grace: Duration): Promise<void> => {
    listener.retire()
    secure?.[Symbol.dispose]()
    const closed = Promise.all([closeListening(http1.server), secure === null ? undefined : closeListening(secure.server)])
    connections.retire()
    const timer = setTimeout(() => connections.destroy(), toMilliseconds(grace))
    await Promise.all([closed, connections.empty()]).finally(() => clearTimeout(timer))
    probing[Symbol.dispose]()
    await Promise.all([wire.close(1_000), prober.close()])
  }
  try {
    const tlsPort = secure === null ? undefined : await listenOn(secure.server, tls?.port ?? 8443, host)
    // Before anybody can ask in the clear.
    if (secure !== null && tlsPort !== undefined && tls?.redirectHttp === true)
      listener.redirect = { port: tlsPort, covers: (name) => secure.covers(name) }
    const port = await listenOn(http1.server, options.port ?? 8080, host)
    return listening({ port, host, ...(tlsPort === undefined ? {} : { tlsPort }), close: (grace = DEFAULT_GRACE) => closeAll(grace) })
  } catch (thrown) {
    await closeAll(0)
    throw thrown
  }
}

/** Resolves when the last connection has gone; at once for what does not listen. */
function closeListening(server: NetServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

function ignore(): void {}
