import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A port behind which two servers stand. */
export interface OnePort extends AsyncDisposable {
  readonly port: number
}

/** Sends connections that begin as HTTP/2 does to one port, and all others to another: as servers do that offer REST and gRPC together. */
export async function onePort(http1: number, http2: number): Promise<OnePort> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    client.once('data', (first: Buffer) => {
      const upstream = connect(first.subarray(0, 3).toString('latin1') === 'PRI' ? http2 : http1, '127.0.0.1')
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
        socket.on('close', () => (socket === client ? upstream : client).destroy())
      }
      upstream.write(first)
      client.pipe(upstream).pipe(client)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
