import { HttpClient } from './http.ts'
import { Outage } from './outage.ts'
import type { Settings } from './options.ts'

/** Several servers with one contents: the one that answered last is asked first. */
export class Servers implements Disposable {
  readonly #clients: readonly HttpClient[]
  #current = 0

  constructor({ servers, username, password }: Settings) {
    const authorization = username === undefined ? null : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
    this.#clients = servers.map((server) => new HttpClient(server, authorization))
  }

  /** The server that answered last. */
  get current(): string {
    return this.#clients[this.#current]!.server
  }

  /** Runs `ask` with one server after the other until one does not reject. Rejects with an `Outage` that tells what each of them said. */
  async first<T>(ask: (client: HttpClient) => Promise<T>, signal: AbortSignal): Promise<T> {
    const problems: string[] = []
    const start = this.#current
    for (let i = 0; i < this.#clients.length; i++) {
      const index = (start + i) % this.#clients.length
      try {
        const answer = await ask(this.#clients[index]!)
        this.#current = index
        return answer
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof Outage)) throw thrown
        problems.push(thrown.message)
      }
    }
    throw new Outage(problems.join(' '))
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]()
  }
}
