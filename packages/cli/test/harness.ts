import { main, type Io } from '../src/index.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'

/** The command in this process, with a folder, an environment and streams of its own. */
export class Cli implements Disposable {
  readonly cwd = mkdtempSync(join(tmpdir(), 'octopus-cli-'))
  readonly exits: number[] = []
  readonly #stops = new Set<() => void>()
  readonly #reloads = new Set<() => void>()
  out = ''
  err = ''

  file(name: string, text: string): string {
    mkdirSync(dirname(join(this.cwd, name)), { recursive: true })
    writeFileSync(join(this.cwd, name), text)
    return name
  }

  run(argv: readonly string[], how: Partial<Pick<Io, 'env' | 'isTerminal'>> = {}): Promise<number> {
    return main(argv, {
      stdout: this.#stream('out'),
      stderr: this.#stream('err'),
      env: {},
      cwd: this.cwd,
      isTerminal: false,
      onStop: (listener) => listening(this.#stops, listener),
      onReload: (listener) => listening(this.#reloads, listener),
      exit: (code) => this.exits.push(code),
      ...how,
    })
  }

  /** What a signal to stop does. */
  signal(): void {
    for (const stop of this.#stops) stop()
  }

  /** What SIGHUP does. */
  hangUp(): void {
    for (const reload of this.#reloads) reload()
  }

  /** How many listen for signals. */
  get listeners(): number {
    return this.#stops.size + this.#reloads.size
  }

  /** Waits until `pattern` is in the output and gives the match. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return waitFor(() => pattern.exec(this.out), { timeout: 10_000, what: `${pattern} in the output: ${this.out}${this.err}` })
  }

  [Symbol.dispose](): void {
    rmSync(this.cwd, { recursive: true })
  }

  #stream(name: 'out' | 'err'): PassThrough {
    const stream = new PassThrough()
    stream.on('data', (chunk: Buffer) => {
      this[name] += chunk.toString()
    })
    return stream
  }
}

function listening(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
