import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { waitFor } from '@octopus-gateway/testing'

/** A connection that stays open until somebody closes it. */
export interface Client {
  readonly socket: Socket
  /** Everything received, as latin1. */
  readonly text: string
  /** Whether the other side has ended or reset it. */
  readonly isClosed: boolean
  readonly closed: Promise<void>
  send(bytes: string): void
  /** Waits until `part` has been received. */
  received(part: string): Promise<void>
}

/** Connects and sends; closed with the test. `from` is the local address. */
export function open(
  port: number,
  bytes = '',
  { host = '127.0.0.1', from }: { readonly host?: string; readonly from?: string } = {},
): Client {
  const socket = connect({ port, host, ...(from === undefined ? {} : { localAddress: from }) })
  onTestFinished(() => void socket.destroy())
  let text = ''
  let isClosed = false
  const closed = new Promise<void>((resolve) => {
    const done = (): void => {
      isClosed = true
      resolve()
    }
    socket.on('end', done).on('close', done)
  })
  // 'close' follows, and that is what tests look at.
  socket.on('error', () => {})
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  const send = (more: string): void => void socket.write(more, 'latin1')
  if (bytes !== '') send(bytes)
  return {
    socket,
    get text() {
      return text
    },
    get isClosed() {
      return isClosed
    },
    closed,
    send,
    received: async (part) => void (await waitFor(() => text.includes(part), { what: `${part} in ${text}` })),
  }
}

/** A request head for a path of the tests' gateways. */
export function head(method: string, path: string, ...fields: readonly string[]): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: gateway.test', ...fields, '', ''].join('\r\n')
}

/** Whether a TCP connection can be made. */
export function connects(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
