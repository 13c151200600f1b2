import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'

/** What a seed answers. */
export interface Said {
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A place that answers `/_farp/discovery`, on an address of the loopback interface, as it is told to. */
export class Seed implements AsyncDisposable {
  readonly host: string
  said: Said
  asked = 0
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0

  private constructor(host: string, said: Said) {
    this.host = host
    this.said = said
  }

  static async start(said: Said, host = '127.0.0.1'): Promise<Seed> {
    const seed = new Seed(host, said)
    await seed.start()
    return seed
  }

  get url(): string {
    return `http://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.#port}`
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size
  }

  /** Listens, again on the same port. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (request.url !== '/_farp/discovery') return void response.writeHead(404).end()
      this.asked += 1
      const { status = 200, body = '', headers = {} } = this.said
      return void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.listen(this.#port, this.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Nobody listens any more, and every connection is cut. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
