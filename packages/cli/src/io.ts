import type { Writable } from 'node:stream'

/** Everything the command touches outside itself, so that tests can stand in for it. */
export interface Io {
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths start here. */
  readonly cwd: string
  /** Whether a person reads `stdout`. */
  readonly isTerminal: boolean
  /** Called with every request to stop (SIGINT, SIGTERM). Returns what takes the listener away again. */
  onStop(listener: () => void): () => void
  /** Called with every request to read the configuration again (SIGHUP). Returns what takes the listener away again. */
  onReload(listener: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}
