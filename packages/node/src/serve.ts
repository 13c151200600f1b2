import { connectionLimits, patienceOf } from './serve-options.ts'
import { Connections } from './connections.ts'
import { createHttp1 } from './http1-server.ts'
import { createServer as createTls } from 'node:tls'
import { HEALTH, LANES } from '@octopus-gateway/core/lane'
import { Listener } from './listener.ts'
import { listening, listenOn } from './listen.ts'
import { NodeProber } from './health/prober.ts'
import { peek } from './peek.ts'
import { Probes } from './probes.ts'
import { SecureListener } from './tls/secure-listener.ts'
import { Server as PlainServer } from 'node:net'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { StreamListener } from './http2-server/stream-listener.ts'
import { toMilliseconds } from '@octopus-gateway/core'
import { warnOfHidden } from './hidden-routes.ts'
import { Wires } from './wires.ts'
import type { CloseOptions, ServeOptions, Server } from './serve-options.ts'
import type { Gateway } from '@octopus-gateway/core'
import type { HealthControl, LaneHost } from '@octopus-gateway/core/lane'
import type { Server as NetServer, Socket } from 'node:net'
import type { TlsOptions } from './tls/options.ts'
import type { Server as TlsServer, TlsOptions as ServerOptions, TLSSocket } from 'node:tls'

const DEFAULT_GRACE = '10s'

/**
 * Serves a gateway over HTTP/1.1 and HTTP/2: in the clear, HTTP/2 for clients that know it is spoken (RFC 9113, section 3.3), and over TLS as
 * client and server agree. Resolves when it listens; rejects with the listen error (`EADDRINUSE`…), or with a `ConfigError` when the gateway's
 * configuration or a certificate is invalid.
 *
 * Three paths are taken before any route, also before one for `/*`: `/livez`, `/readyz` and `/startupz`. `probes` moves them, or leaves them out.
 *
 * @example
 * const server = await serve(gateway, { port: 8080, tls: { certificates: [{ cert: 'tls.crt', key: 'tls.key' }] } })
 * process.once('SIGTERM', () => server.close({ preStopDelay: '5s', grace: '30s' }))
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<Server> {
  await gateway.ready
  const inside = gateway as Gateway & { readonly [LANES]: LaneHost; readonly [HEALTH]: HealthControl }
  const lanes = inside[LANES]
  const { metrics } = lanes
  const { log } = lanes.opener.shared
  const { host = '0.0.0.0', tls } = options
  const patience = patienceOf(options.timeouts)
  const probes = options.probes === false ? null : new Probes(gateway, options.probes)
  const refused = (): void => metrics.rejected('tls_handshake')
  const make = (how: ServerOptions): TlsServer => createTls({ ...how, ALPNProtocols: ['h2', 'http/1.1'] })
  const secure = tls === undefined ? null : await SecureListener.create(tls, { handshake: patience.header, log, make, refused })
  const wire = new Wires(options.upstreamClient)
  const prober = new NodeProber(options.upstreamClient)
  const probing = inside[HEALTH].use(prober)
  const listener = new Listener(lanes, wire, { patience, probes })
  const streams = new StreamListener(listener, { patience, log, metrics, push: options.http2Push === true })
  const http1 = createHttp1(listener, patience)
  const connections = new Connections(lanes, connectionLimits(options.limits))
  const late = (): void => metrics.rejected('header_timeout')
  http1.server.on('connection', (socket) => {
    if (!connections.admit(socket)) return
    connections.speaks(socket)
    peek(socket, patience.header, { http1: http1.accept, http2: (known) => streams.accept(known), late })
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
  const hidden = probes === null ? null : warnOfHidden(gateway, probes, log)
  const closeAll = async ({ grace = DEFAULT_GRACE, preStopDelay = 0 }: CloseOptions): Promise<void> => {
    const graceMs = toMilliseconds(grace)
    const delay = toMilliseconds(preStopDelay)
    if (probes !== null) probes.isDraining = true
    if (delay > 0) await sleep(delay)
    // Right behind a look at who has connected: the system resets connections that wait to be accepted when their listener goes.
    await turn()
    listener.retire()
    hidden?.[Symbol.dispose]()
    secure?.[Symbol.dispose]()
    const closed = Promise.all([closeListening(http1.server), secure === null ? undefined : closeListening(secure.server)])
    connections.retire()
    const timer = setTimeout(() => connections.destroy(), graceMs)
    await Promise.all([closed, connections.empty()]).finally(() => clearTimeout(timer))
    probing[Symbol.dispose]()
    // Until now its timer has looked for late heads.
    http1.server.close()
    await Promise.all([wire.close(1_000), prober.close()])
  }
  const update: Server['update'] = ({ timeouts, limits }) => {
    Object.assign(patience, patienceOf(timeouts))
    connections.limits = connectionLimits(limits)
    http1.update()
  }
  const redirect = (port: number | undefined, wanted: TlsOptions | undefined): void => {
    const isWanted = secure !== null && port !== undefined && wanted?.redirectHttp === true
    listener.redirect = isWanted ? { port, covers: (name) => secure.covers(name) } : null
  }
  try {
    const tlsPort = secure === null ? undefined : await listenOn(secure.server, tls?.port ?? 8443, host)
    // Before anybody can ask in the clear.
    redirect(tlsPort, tls)
    const prepareTls: Server['prepareTls'] = async (next) => {
      const change = await secure?.prepare(next)
      return () => {
        change?.()
        redirect(tlsPort, next)
      }
    }
    const port = await listenOn(http1.server, options.port ?? 8080, host)
    return { ...listening({ port, host, ...(tlsPort === undefined ? {} : { tlsPort }), close: closeAll }), update, prepareTls }
  } catch (thrown) {
    await closeAll({ grace: 0 })
    throw thrown
  }
}

/** Resolves when the last connection has gone; at once for what does not listen. */
function closeListening(server: NetServer): Promise<void> {
  // The `close` of `node:http` would also close connections on which a request is on its way, and look for late heads no more.
  return new Promise((resolve) => void Reflect.apply(PlainServer.prototype.close, server, [() => resolve()]))
}

function ignore(): void {}
