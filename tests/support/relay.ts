import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** Looks at what a client has written, before it goes on; with `false` the connection is cut. */
export type Look = (text: string) => boolean | Promise<boolean>

/** A door to a server on this machine that can be shut: then connections are cut and refused. Its port stays the same. */
export class Relay implements AsyncDisposable {
  readonly #target: number
  readonly #look: Look
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  #port = 0

  private constructor(target: number, look: Look) {
    this.#target = target
    this.#look = look
  }

  static async to(port: number, look: Look = () => true): Promise<Relay> {
    const relay = new Relay(port, look)
    await relay.open()
    return relay
  }

  get port(): number {
    return this.#port
  }

  /** Connections that clients have. */
  get connections(): number {
    return this.#sockets.size
  }

  async open(): Promise<void> {
    const server = createServer((socket) => this.#join(socket)).listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Cuts every connection, and takes new ones. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async shut(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = once(server, 'close')
    server.close()
    this.cut()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shut()
  }

  #join(client: Socket): void {
    this.#sockets.add(client)
    const server = connect(this.#target, '127.0.0.1')
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    client.on('close', () => this.#sockets.delete(client))
    server.pipe(client)
    void this.#forward(client, server)
  }

  async #forward(client: Socket, server: Socket): Promise<void> {
    try {
      for await (const chunk of client as AsyncIterable<Buffer>) {
        if (!(await this.#look(chunk.toString('latin1')))) return void client.resetAndDestroy()
        server.write(chunk)
      }
      server.end()
    } catch (thrown) {
      // Cut by either side: the events of the sockets do what is to be done.
      if (!client.destroyed) throw thrown
    }
  }
}
