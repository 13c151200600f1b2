import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { forwardLines } from './lines.ts'
import type { FromWorker } from './messages.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Which program the workers run. */
export interface WorkerProgram {
  /** A module that calls `runWorker`. */
  readonly file: URL
  readonly args?: readonly string[]
  /** In addition to the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Gets what workers write to standard output, whole lines at a time. */
  write(lines: string): void
}

/** Starts worker processes that share their listeners. There is one such program in a process. */
export function workerProcesses(program: WorkerProgram): () => WorkerProcess {
  // Workers accept from the listening socket themselves. Since libuv 1.45 each takes one connection at a time, so that they come out even, and
  // nothing of a connection goes through this process: a third of the CPU time of handing connections out.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: fileURLToPath(program.file),
    args: [...(program.args ?? [])],
    // Data with `undefined`, `Infinity` and maps must come over as it is.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  return () => {
    const worker = cluster.fork(program.env)
    const { process } = worker
    forwardLines(process.stdout!, program.write)
    return {
      pid: process.pid ?? 0,
      send: (message) => {
        if (worker.isConnected()) worker.send(message, () => {})
      },
      kill: () => void process.kill('SIGKILL'),
      on(listener) {
        let hasEnded = false
        const ended = (how: string): void => {
          if (!hasEnded) listener.exit(how)
          hasEnded = true
        }
        worker.on('message', (message: FromWorker) => listener.message(message))
        worker.on('error', (error) => {
          if (process.pid === undefined) ended(error.message)
        })
        worker.on('exit', (code, signal) => ended((signal as string | null) ?? `code ${code}`))
      },
    }
  }
}
