import type { FromWorker, ToWorker } from './messages.ts'

/** A process that runs a worker, seen from the control process. */
export interface WorkerProcess {
  readonly pid: number
  /** What cannot be delivered any more is lost: that the process has ended is told soon. */
  send(message: ToWorker): void
  /** Ends it at once (SIGKILL). */
  kill(): void
  on(listener: WorkerListener): void
}

/** What becomes of a worker process. */
export interface WorkerListener {
  message(message: FromWorker): void
  /** Called once. `how` says it in words: `code 1`, `SIGKILL`. */
  exit(how: string): void
}
