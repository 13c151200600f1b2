import { closedPort } from '@octopus-gateway/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Program, waitFor } from './process.ts'
import { tmpdir } from 'node:os'

/** Everything that makes etcd quick where nothing has to last. */
const QUICK = ['--heartbeat-interval', '10', '--election-timeout', '100', '--unsafe-no-fsync']

interface Member {
  readonly name: string
  readonly port: number
  readonly peer: number
}

/** A real etcd, or one member of several. */
export class Etcd implements AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly #program: string
  readonly #args: readonly string[]
  readonly #folder: string
  #process: Program | null = null

  private constructor(program: string, { member, cluster, args }: { member: Member; cluster: readonly Member[]; args: readonly string[] }) {
    this.#program = program
    this.#folder = mkdtempSync(join(tmpdir(), 'octopus-etcd-'))
    this.port = member.port
    const isSecure = args.includes('--cert-file')
    this.url = `http${isSecure ? 's' : ''}://127.0.0.1:${member.port}`
    const peer = (port: number): string => `http://127.0.0.1:${port}`
    this.#args = [
      ...['--name', member.name, '--data-dir', join(this.#folder, 'data')],
      ...['--listen-client-urls', this.url, '--advertise-client-urls', this.url],
      ...['--listen-peer-urls', peer(member.peer), '--initial-advertise-peer-urls', peer(member.peer)],
      ...['--initial-cluster', cluster.map((one) => `${one.name}=${peer(one.peer)}`).join(',')],
      ...QUICK,
      ...args,
    ]
  }

  static async start(program: string, ...args: readonly string[]): Promise<Etcd> {
    const member = await memberOf('one')
    const etcd = new Etcd(program, { member, cluster: [member], args })
    await etcd.start()
    return etcd
  }

  /** Three members of one cluster. */
  static async startThree(program: string): Promise<readonly Etcd[]> {
    const cluster = await Promise.all(['one', 'two', 'three'].map(memberOf))
    const members = cluster.map((member) => new Etcd(program, { member, cluster, args: [] }))
    await Promise.all(members.map((member) => member.start()))
    return members
  }

  async start(): Promise<void> {
    this.#process = new Program(this.#program, this.#args)
    const { child } = this.#process
    await waitFor('etcd', async () => {
      if (child.exitCode !== null) throw new Error(`etcd has ended:\n${this.#process?.output}`)
      if (this.url.startsWith('https')) return this.#process!.output.includes('serving client requests')
      return (await fetch(`${this.url}/health`).catch(() => null))?.ok === true
    })
  }

  async stop(): Promise<void> {
    const running = this.#process
    this.#process = null
    running?.child.kill('SIGKILL')
    await running?.exited()
  }

  /** Asks the JSON gateway; fails where etcd refuses. */
  async ask(path: string, body: object, token?: string): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${this.url}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: token === undefined ? {} : { authorization: token },
    })
    const answer = (await response.json()) as Readonly<Record<string, unknown>>
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer
  }

  async put(key: string, value: unknown, more: object = {}): Promise<void> {
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    await this.ask('kv/put', { key: base64(key), value: bytes.toString('base64'), ...more })
  }

  async remove(key: string): Promise<void> {
    await this.ask('kv/deleterange', { key: base64(key) })
  }

  /** The last revision. */
  async revision(): Promise<string> {
    const { header } = (await this.ask('kv/range', { key: base64('none') })) as { readonly header: { readonly revision: string } }
    return header.revision
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function memberOf(name: string): Promise<Member> {
  return { name, port: await closedPort(), peer: await closedPort() }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
