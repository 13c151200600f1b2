import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const exitWithParent = new URL('exit-with-parent.js', import.meta.url).href

/** What a child may write to: `show` for the gateway's log, `errors` for the services, whose start is no news. */
export type Output = 'show' | 'errors'

/** The programs of the demo. All of them stop when the demo does. */
export class Children {
  readonly #running = new Map<string, ChildProcess>()
  #stopping = false

  isRunning(name: string): boolean {
    return this.#running.has(name)
  }

  /** Starts a program of the checkout; `onExit` hears when it ends by itself. */
  start(
    name: string,
    command: { script: string; args?: string[]; env?: Record<string, string>; output: Output },
    onExit: (how: string) => void,
  ): void {
    const stdout = command.output === 'show' ? 'inherit' : 'ignore'
    const child = spawn(process.execPath, ['--import', exitWithParent, command.script, ...(command.args ?? [])], {
      cwd: root,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', stdout, 'inherit', 'ipc'],
      // Its own process group: Ctrl-C reaches the demo, and the demo stops its children, each once.
      detached: true,
    })
    this.#running.set(name, child)
    child.once('exit', (code, signal) => {
      const expected = this.#running.get(name) !== child || this.#stopping
      if (!expected) {
        this.#running.delete(name)
        onExit(signal === null ? `exit code ${code}` : signal)
      }
    })
  }

  /** Asks one program to stop. */
  stop(name: string): void {
    const child = this.#running.get(name)
    this.#running.delete(name)
    child?.kill('SIGTERM')
  }

  /** Stops all programs, the unwilling after 700 ms by force. */
  async stopAll(): Promise<void> {
    this.#stopping = true
    const all = [...this.#running.values()].filter((child) => child.exitCode === null && child.signalCode === null)
    const gone = all.map((child) => new Promise((resolve) => child.once('exit', resolve)))
    for (const child of all) child.kill('SIGTERM')
    const force = setTimeout(() => all.forEach((child) => child.kill('SIGKILL')), 700)
    await Promise.all(gone)
    clearTimeout(force)
  }
}
