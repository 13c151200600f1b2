import type { Server, Socket } from 'node:net'

/** What is needed to close a server. */
interface Closing {
  readonly graceMs: number
  /** All open connections. */
  readonly sockets: ReadonlySet<Socket>
  /** Those without a request under way. */
  readonly idle: readonly Socket[]
}

/** Resolves when every connection is gone. */
export async function closeServer(server: Server, { graceMs, sockets, idle }: Closing): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // Not `closeIdleConnections`: Node takes a connection that has not sent anything yet for a busy one.
  for (const socket of idle) socket.destroy()
  const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs)
  await closed.finally(() => clearTimeout(timer))
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
}
