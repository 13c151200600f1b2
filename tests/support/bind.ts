import { bindOptions } from '../../scripts/lib/bind-options.mjs'
import { closedPort } from '@octopus-gateway/testing'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Program } from './process.ts'
import { tmpdir } from 'node:os'

/** The programs of a name server. */
export interface BindPrograms {
  readonly named: string
  readonly nsupdate: string
}

const ZONE = `$TTL 1\n@ IN SOA ns admin 1 3600 600 86400 1\n@ IN NS ns\nns IN A 127.0.0.1\n`

/** A real BIND with the zone `test.`, which may be changed while it runs. */
export class Bind implements AsyncDisposable {
  readonly port: number
  readonly #programs: BindPrograms
  readonly #folder: string
  #process: Program | null = null
  #waiting: string[] = []
  #sending: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  private constructor(programs: BindPrograms, port: number) {
    this.#programs = programs
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'octopus-bind-'))
    // A zone that nobody has loaded is answered with SERVFAIL.
    writeFileSync(join(this.#folder, 'broken.zone'), 'this is no zone\n')
    for (const zone of ['test', 'secret', 'fixed']) writeFileSync(join(this.#folder, `${zone}.zone`), ZONE)
    writeFileSync(
      join(this.#folder, 'named.conf'),
      `${bindOptions(this.#folder, port, { querylog: true })}zone "test" { type primary; file "test.zone"; allow-update { 127.0.0.1; }; };
zone "broken" { type primary; file "broken.zone"; };
zone "fixed" { type primary; file "fixed.zone"; };
zone "secret" { type primary; file "secret.zone"; allow-query { none; }; };
`,
    )
  }

  static async start(programs: BindPrograms): Promise<Bind> {
    const bind = new Bind(programs, await closedPort())
    await bind.start()
    return bind
  }

  get server(): string {
    return `127.0.0.1:${this.port}`
  }

  /** How often it was asked for records since it was started: `TXT`, `_users._tcp.test`. */
  asked(type: string, name: string): number {
    return (this.#process?.output ?? '').split(`: query: ${name} IN ${type} `).length - 1
  }

  /** From the next start on the zone `fixed.` cannot be loaded, or can be again. */
  breakFixed(isBroken: boolean): void {
    writeFileSync(join(this.#folder, 'fixed.zone'), isBroken ? 'this is no zone\n' : ZONE)
  }

  /** What was to change meanwhile changes now. */
  async start(): Promise<void> {
    this.#process = new Program(this.#programs.named, ['-g', '-4', '-n', '1', '-c', join(this.#folder, 'named.conf')])
    await this.#process.printed(' running\n')
    await this.change()
  }

  async stop(): Promise<void> {
    const running = this.#process
    this.#process = null
    running?.child.kill('SIGKILL')
    await running?.exited()
  }

  /** Changes the zone, all at once: `add a.test. 1 A 127.0.0.1`, `delete a.test.`. While it is stopped, that waits. */
  async change(...changes: readonly string[]): Promise<void> {
    this.#waiting.push(...changes)
    if (this.#process === null) return
    // What comes while an update is under way goes with the next one.
    this.#next ??= this.#sending.then(() => {
      this.#next = null
      return (this.#sending = this.#send(this.#waiting.splice(0)))
    })
    await this.#next
  }

  async #send(changes: readonly string[]): Promise<void> {
    if (changes.length === 0) return
    const lines = [`server 127.0.0.1 ${this.port}`, 'zone test.', ...changes.map((change) => `update ${change}`), 'send', '']
    await new Promise<void>((resolve, reject) => {
      const child = execFile(this.#programs.nsupdate, (error, _, said) => {
        if (error === null) resolve()
        else reject(new Error(`nsupdate: ${said}`, { cause: error }))
      })
      child.stdin!.end(lines.join('\n'))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
