import { closeServer } from './close-server.ts'
import { Connection } from './connection.ts'
import { createServer } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { FetchConnections } from './fetch-connections.ts'
import { getRequestListener } from '@hono/node-server'
import { listening, listenOn } from './listen.ts'
import { SecureListener } from './tls/secure-listener.ts'
import { silentLogger, toMilliseconds } from '@octopus-gateway/core'
import type { CloseOptions } from './serve-options.ts'
import type { FetchEnv, FetchListening, FetchTlsOptions, ServeFetchOptions } from './fetch-options.ts'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Logger } from '@octopus-gateway/core'
import type { SecureHow } from './tls/secure-listener.ts'
import type { Server } from 'node:https'
import type { TLSSocket } from 'node:tls'

const MOST_CONNECTIONS = 2_000
/** For a whole request, milliseconds. */
const LONGEST_REQUEST = 60_000
/** In which nothing comes and nothing of an answer is taken, milliseconds: clients that read nothing would keep everybody else out. */
const LONGEST_SILENCE = 2 * LONGEST_REQUEST

/**
 * Serves a fetch handler, such as the admin API, on a listener of its own: HTTP, or with `tls` HTTPS. The handler gets `{ incoming, certificate }` as
 * its second argument: the request of `node:http`, and the certificate of the client that was verified. Rejects with the listen error, or with a
 * `ConfigError` when a certificate cannot be used.
 *
 * @example
 * await serveFetch(createAdmin(gateway), { port: 9090, tls: { certificates: [{ cert: 'tls.crt', key: 'tls.key' }] } })
 */
export async function serveFetch(
  app: { fetch(request: Request, env?: FetchEnv): Response | Promise<Response> },
  { port, host = '127.0.0.1', tls, timeouts, limits, log = silentLogger }: ServeFetchOptions,
): Promise<FetchListening> {
  const header = toMilliseconds(timeouts?.header ?? '10s')
  const times = {
    headersTimeout: Math.min(header, LONGEST_REQUEST),
    requestTimeout: LONGEST_REQUEST,
    connectionsCheckingInterval: Math.max(100, Math.min(1_000, header / 4)),
  }
  const answer = getRequestListener((request, env) => app.fetch(request, envOf(env.incoming as IncomingMessage)), {
    overrideGlobalObjects: false,
  })
  const handle: RequestListener = (req, res) => {
    if (connections.begin(req, res)) void answer(req, res)
  }
  const how: SecureHow<Server> = {
    handshake: header,
    log,
    make: (options) => createSecure({ ...options, ...times }, handle),
    refused: (error) => log.debug('a TLS handshake failed', { reason: error.message }),
    distrusted: () => connections.retire(),
  }
  const secure = tls === undefined ? null : await SecureListener.create(tls, how)
  if (secure !== null) admitOnly(secure, log)
  const server = secure === null ? createServer(times, handle) : secure.server
  server.maxConnections = limits?.connections ?? MOST_CONNECTIONS
  server.timeout = LONGEST_SILENCE
  const connections = new FetchConnections(server)
  const close = async ({ grace = '1s' }: CloseOptions): Promise<void> => {
    secure?.[Symbol.dispose]()
    connections.close()
    await closeServer(server, { graceMs: toMilliseconds(grace), sockets: connections.accepted, idle: connections.idle() })
  }
  const prepareTls = async (options: FetchTlsOptions): Promise<() => void> => (await secure?.prepare(options)) ?? (() => {})
  try {
    return { ...listening({ port: await listenOn(server, port, host), host, isSecure: secure !== null, close }), prepareTls }
  } catch (thrown) {
    secure?.[Symbol.dispose]()
    throw thrown
  }
}

/** A connection whose certificate does not hold never comes to the server of HTTP. */
function admitOnly(secure: SecureListener<Server>, log: Logger): void {
  const { server } = secure
  const take = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket: TLSSocket) => {
    if (secure.admit(socket)) {
      for (const listen of take) Reflect.apply(listen, server, [socket])
      return
    }
    log.debug('a client certificate does not hold', { reason: String(socket.authorizationError ?? 'it has expired') })
    socket.destroy()
  })
}

function envOf(incoming: IncomingMessage): FetchEnv {
  return { incoming, certificate: Connection.of(incoming.socket).secured?.certificate }
}
