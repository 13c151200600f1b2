import { closedPort } from '@octopus-gateway/testing'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program, waitFor } from './process.ts'
import { tmpdir } from 'node:os'

/** Everything that makes etcd quick where nothing has to last. */
const QUICK = ['--heartbeat-interval', '10', '--election-timeout', '100', '--unsafe-no-fsync', '--bcrypt-cost', '4']

interface Member {
  readonly name: string
  readonly port: number
  readonly peer: number
}

interface Setting {
  readonly member: Member
  readonly cluster: readonly Member[]
  readonly args: readonly string[]
  readonly folder?: string
}

/** A real etcd, or one member of several. */
export class Etcd implements AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly #program: string
  readonly #args: readonly string[]
  readonly #folder: string
  #process: Program | null = null

  private constructor(program: string, { member, cluster, args, folder }: Setting) {
    this.#program = program
    this.#folder = folder ?? mkdtempSync(join(tmpdir(), 'octopus-etcd-'))
    this.port = member.port
    const isSecure = args.some((arg) => arg.startsWith('--cert-file='))
    this.url = `http${isSecure ? 's' : ''}://127.0.0.1:${member.port}`
    const peer = (port: number): string => `http://127.0.0.1:${port}`
    const { name } = member
    const data = join(this.#folder, 'data')
    const peers = cluster.map((one) => `${one.name}=${peer(one.peer)}`).join(',')
    this.#args = [
      `--name=${name}`,
      `--data-dir=${data}`,
      `--listen-client-urls=${this.url}`,
      `--advertise-client-urls=${this.url}`,
      `--listen-peer-urls=${peer(member.peer)}`,
      `--initial-advertise-peer-urls=${peer(member.peer)}`,
      `--initial-cluster=${peers}`,
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

  /**
   * With TLS, for clients with a certificate of `ca`, and with one user: `root`, password `for-root`. Its own certificate must be good for clients
   * as well: its JSON gateway is one.
   */
  static async startSecure(
    program: string,
    { ca, cert, key }: { readonly ca: string; readonly cert: string; readonly key: string },
  ): Promise<Etcd> {
    const folder = mkdtempSync(join(tmpdir(), 'octopus-etcd-tls-'))
    for (const [name, text] of Object.entries({ ca, cert, key })) writeFileSync(join(folder, name), text)
    const member = await memberOf('one')
    const tls = [`--cert-file=${join(folder, 'cert')}`, `--key-file=${join(folder, 'key')}`, `--trusted-ca-file=${join(folder, 'ca')}`]
    const secure = new Etcd(program, { member, cluster: [member], args: [...tls, '--client-cert-auth'] })
    const plain = new Etcd(program, { member, cluster: [member], args: [], folder: secure.#folder })
    // Users are made in the clear: fetch has no certificate to show.
    await plain.start()
    await plain.demandUsers()
    await plain.stop()
    await secure.start()
    return secure
  }

  /** From now on everybody needs a user; there is `root`, with the password `for-root`. */
  async demandUsers(): Promise<void> {
    await this.ask('auth/user/add', { name: 'root', password: 'for-root' })
    await this.ask('auth/role/add', { name: 'root' })
    await this.ask('auth/user/grant', { user: 'root', role: 'root' })
    await this.ask('auth/enable', {})
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
      // 3.4 says requests, later ones traffic.
      if (this.url.startsWith('https')) return /serving client (?:requests|traffic)/.test(this.#process!.output)
      return (await fetch(`${this.url}/health`).catch(() => null))?.ok === true
    }).catch(async (thrown: unknown) => {
      await this.stop()
      throw thrown
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

  /** Many at once. */
  async putAll(entries: readonly (readonly [key: string, value: object])[]): Promise<void> {
    // etcd takes no more in one transaction.
    const most = 128
    for (let from = 0; from < entries.length; from += most) {
      const success = entries.slice(from, from + most).map(([key, value]) => ({
        request_put: { key: base64(key), value: base64(JSON.stringify(value)) },
      }))
      await this.ask('kv/txn', { success })
    }
  }

  async remove(key: string): Promise<void> {
    await this.ask('kv/deleterange', { key: base64(key) })
  }

  /** Whether it takes part in a cluster that works, and whether it leads it. */
  async role(): Promise<'leader' | 'follower' | 'none'> {
    const status = (await this.ask('maintenance/status', {})) as {
      readonly header: { readonly member_id: string }
      readonly leader?: string
    }
    if (status.leader === undefined || status.leader === '0') return 'none'
    return status.leader === status.header.member_id ? 'leader' : 'follower'
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
