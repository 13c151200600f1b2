import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { once } from 'node:events'
import { root } from './process.ts'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A service as it is announced. */
export interface Announced {
  /** `_farp._tcp`. */
  readonly type: string
  /** The name of the instance in front of its type. */
  readonly label: string
  readonly port: number
  /** The strings of the TXT record. */
  readonly txt: readonly string[]
  /** Default `127.0.0.1`. */
  readonly addresses?: readonly string[]
  /** How long what is said may be kept. Seconds. Default 120. */
  readonly ttl?: number
}

interface Reply {
  readonly done: number
  readonly error?: string
}

/** Debian's python3-zeroconf in a process of its own: a responder that others wrote. */
export class Announcer implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  readonly #ready: Promise<void>
  #count = 0

  private constructor(python: string, where: string) {
    this.#child = spawn(python, [join(root, 'tests/support/zeroconf-peer.py'), where], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#ready = new Promise((resolve, reject) => {
      this.#child.once('exit', () => reject(new Error('the responder ended before it was ready')))
      createInterface(this.#child.stdout).on('line', (line) => {
        const reply = JSON.parse(line) as Reply | { readonly ready: true }
        if ('ready' in reply) resolve()
        else this.#waiting.get(reply.done)?.(reply)
      })
    })
  }

  /** At an IPv4 address, by default on the loopback interface, or on a link (`one`) over IPv6 alone. */
  static async start(python: string, where = '127.0.0.1'): Promise<Announcer> {
    const announcer = new Announcer(python, where)
    await announcer.#ready
    return announcer
  }

  /** Announces a service, or says anew what is there already. */
  async put({ addresses = ['127.0.0.1'], ttl = 120, ...service }: Announced): Promise<void> {
    const host = `${service.label.replaceAll(/[^\w-]/g, '-')}-${service.type.replaceAll(/[^\w-]/g, '')}`
    await this.#tell({ op: 'put', ...service, addresses, ttl, host })
  }

  /** Says that it is gone. */
  async remove({ type, label }: Pick<Announced, 'type' | 'label'>): Promise<void> {
    await this.#tell({ op: 'remove', type, label })
  }

  /** Ends it without a word to anybody. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  async #tell(what: object): Promise<void> {
    const number = (this.#count += 1)
    const { error } = await new Promise<Reply>((resolve) => {
      this.#waiting.set(number, resolve)
      this.#child.stdin.write(`${JSON.stringify({ ...what, number })}\n`)
    })
    this.#waiting.delete(number)
    if (error !== undefined) throw new Error(error)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}

/** A type that nobody else in this network uses. */
export function freshType(): string {
  return `_t${Math.random().toString(36).slice(2, 12)}._tcp`
}
