import type { FromWorker, Addresses, ToWorker } from '../../src/workers/messages.ts'
import type { WorkerListener, WorkerProcess } from '../../src/workers/worker-process.ts'

export const LISTENING: Addresses = { url: 'http://127.0.0.1:8080', port: 8080, tls: undefined }

/** A worker process that says what a test says. */
export class ScriptedProcess implements WorkerProcess {
  readonly pid: number
  readonly told: ToWorker[] = []
  isKilled = false
  #listener: WorkerListener | null = null
  /** Called with everything it is told. */
  onTold: (message: ToWorker) => void = () => {}

  constructor(pid: number) {
    this.pid = pid
  }

  send(message: ToWorker): void {
    // As it comes over to another process.
    const copy = structuredClone(message)
    this.told.push(copy)
    this.onTold(copy)
  }

  kill(): void {
    this.isKilled = true
  }

  on(listener: WorkerListener): void {
    this.#listener = listener
  }

  says(message: FromWorker): void {
    this.#listener!.message(structuredClone(message))
  }

  exits(how: string): void {
    this.#listener!.exit(how)
  }
}
