import { MessageExchange } from '../message-exchange.ts'
import type { Connection } from '../connection.ts'
import type { Socket } from 'node:net'

/**
 * Calls `go` when every earlier request of the connection has been answered to its end; never when it breaks before. Node takes its hands off
 * a connection as soon as it has read the head of an upgrade, also while pipelined requests before it still wait for their answers.
 */
export function whenItsTurn(connection: Connection, socket: Socket, go: () => void): void {
  if (connection.size === 0) {
    go()
    return
  }
  // Node no longer tells a slow client's answer to go on.
  const onDrain = (): void => {
    const { oldest } = connection
    if (oldest instanceof MessageExchange) oldest.res.emit('drain')
  }
  socket.on('drain', onDrain)
  connection.onIdle = () => {
    connection.onIdle = null
    socket.off('drain', onDrain)
    if (!socket.destroyed && socket.writable) go()
  }
}
