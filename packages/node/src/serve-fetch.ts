import { closeServer } from './close-server.ts'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { listening, listenOn } from './listen.ts'
import { toMilliseconds } from '@octopus-gateway/core'
import type { CloseOptions, Listening } from './serve-options.ts'
import type { Socket } from 'node:net'

/** Serves a fetch handler, such as the admin API, on a listener of its own. The handler gets `{ incoming }` of `node:http` as its second argument. */
export async function serveFetch(
  app: { fetch(request: Request, env?: unknown): Response | Promise<Response> },
  options: { readonly port: number; readonly host?: string },
): Promise<Listening> {
  const listener = getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false })
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 1_000 },
    (req, res) => void listener(req, res),
  )
  const sockets = new Set<Socket>()
  const busy = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', ({ socket }, res) => {
    busy.add(socket)
    res.once('close', () => busy.delete(socket))
  })
  const close = ({ grace = '1s' }: CloseOptions): Promise<void> =>
    closeServer(server, { graceMs: toMilliseconds(grace), sockets, isBusy: (socket) => busy.has(socket) })
  const host = options.host ?? '127.0.0.1'
  return listening({ port: await listenOn(server, options.port, host), host, close })
}
