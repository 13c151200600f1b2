import type { AddressInfo, Server, Socket } from 'node:net'

/** A listener on the loopback interface and its connections. */
export interface Listening {
  readonly port: number
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string
  /** Connections open now. */
  readonly open: number
  /** Connections accepted so far. */
  readonly accepted: number
  /** Stops listening and cuts every open connection. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Listens on 127.0.0.1 and keeps account of the connections, so that closing never waits for a client.
 * Rejects with the listen error (`EADDRINUSE`…). Port 0 takes any free port.
 */
export function listen(server: Server, port: number): Promise<Listening> {
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
    return closing
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const bound = (server.address() as AddressInfo).port
      resolve({
        port: bound,
        origin: `http://127.0.0.1:${bound}`,
        get open() {
          return sockets.size
        },
        get accepted() {
          return accepted
        },
        close,
      })
    })
  })
}
