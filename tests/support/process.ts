import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export { closedPort as freePort } from '@octopus-gateway/testing'

/** The checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Asks again until it holds; fails after `ms` with `what`. */
export async function waitFor(what: string, holds: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms`)
    await sleep(25)
  }
}

/** Whether a process still runs. One that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const stat = `/proc/${pid}/stat`
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'))
}

function processTable(): [pid: number, parent: number][] {
  if (!existsSync('/proc/self/stat')) {
    const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    return stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const parent = /\) \S (\d+)/.exec(statOf(name))?.[1]
      return parent === undefined ? [] : [[Number(name), Number(parent)]]
    })
}

/** Empty for a process that has ended meanwhile. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return ''
    throw thrown
  }
}

/** The process ids of a process's children. */
export function childrenOf(pid: number): number[] {
  return processTable()
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child)
}

/** A program under test: what it prints is kept, and it is stopped at the end, by force if need be. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess
  output = ''

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.output += text))
  }

  static node(script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
    return new Program(process.execPath, [script, ...args], env)
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** Resolves when the text has been printed; fails when the program ends first. */
  async printed(text: string, ms?: number): Promise<void> {
    await waitFor(
      `"${text}" printed; instead:\n${this.output}`,
      () => {
        if (this.output.includes(text)) return true
        if (this.hasExited) throw new Error(`The program ended before it printed "${text}":\n${this.output}`)
        return false
      },
      ms,
    )
  }

  /** Its exit code, when it has ended. */
  async exited(ms = 20_000): Promise<number | null> {
    await waitFor(`the end of the program; so far:\n${this.output}`, () => this.hasExited, ms)
    return this.child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasExited) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const force = setTimeout(() => this.child.kill('SIGKILL'), 3_000)
    await gone
    clearTimeout(force)
  }
}
