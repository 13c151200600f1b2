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
      onStop: this.#onStop,
      exit: (code) => this.exits.push(code),
      ...how,
    })
  }

  /** What a signal does. */
  signal(): void {
    for (const stop of this.#stops) stop()
  }

  /** How many listen for signals. */
  get listeners(): number {
    return this.#stops.size
  }

  /** Waits until `pattern` is in the output and gives the match. */
  seen(pattern: RegExp): Promise<RegExpExecArray> {
    return waitFor(() => pattern.exec(this.out), { timeout: 10_000, what: `${pattern} in the output: ${this.out}${this.err}` })
  }

  [Symbol.dispose](): void {
    rmSync(this.cwd, { recursive: true })
  }

  readonly #onStop = (listener: () => void): (() => void) => {
    this.#stops.add(listener)
    return () => this.#stops.delete(listener)
  }

  #stream(name: 'out' | 'err'): PassThrough {
    const stream = new PassThrough()
    stream.on('data', (chunk: Buffer) => {
      this[name] += chunk.toString()
    })
    return stream
  }
}
