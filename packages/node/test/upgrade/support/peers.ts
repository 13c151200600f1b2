import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import type { ClientOptions, ServerOptions } from 'ws'
import type { IncomingMessage } from 'node:http'

/** A WebSocket service and what it has seen. */
export interface WebSocketService {
  readonly origin: string
  readonly server: WebSocketServer
  /** The handshakes so far. */
  readonly handshakes: readonly IncomingMessage[]
  /** The connections so far. */
  readonly sockets: readonly WebSocket[]
}

/** A service made of `ws` that ends with the test; without a handler it echoes. */
export async function webSocketService(
  handler: (socket: WebSocket, request: IncomingMessage) => void = echo,
  options: ServerOptions = {},
): Promise<WebSocketService> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options })
  const handshakes: IncomingMessage[] = []
  const sockets: WebSocket[] = []
  server.on('connection', (socket, request) => {
    handshakes.push(request)
    sockets.push(socket)
    socket.on('error', () => {})
    handler(socket, request)
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, handshakes, sockets }
}

export function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

/** A client with everything it heard. Ends with the test. */
export interface Client {
  readonly socket: WebSocket
  readonly messages: { readonly data: Buffer; readonly isBinary: boolean }[]
  readonly pongs: Buffer[]
  readonly pings: Buffer[]
  /** How the connection ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** The next message not yet taken, as text. */
  next(): Promise<string>
}

/** A client of `ws`; resolves when it is open. Rejects with the status of an answer that is no switch. */
export async function openClient(
  port: number,
  path = '/',
  options: ClientOptions & { readonly protocols?: string[] } = {},
): Promise<Client> {
  const { protocols = [], ...rest } = options
  const client = wrap(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, rest))
  await new Promise<void>((resolve, reject) => {
    client.socket.once('open', resolve)
    client.socket.once('error', reject)
  })
  return client
}

export function wrap(socket: WebSocket): Client {
  const messages: Client['messages'] = []
  const pongs: Buffer[] = []
  const pings: Buffer[] = []
  let taken = 0
  socket.on('message', (data, isBinary) => void messages.push({ data: data as Buffer, isBinary }))
  socket.on('pong', (data) => void pongs.push(data))
  socket.on('ping', (data) => void pings.push(data))
  socket.on('error', () => {})
  onTestFinished(() => socket.terminate())
  return {
    socket,
    messages,
    pongs,
    pings,
    closed: new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))),
    async next() {
      while (messages.length <= taken) await once(socket, 'message')
      return messages[taken++]!.data.toString()
    },
  }
}
