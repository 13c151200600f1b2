import { backOff, HANG_MS, START_MS, YOUNG_MS } from './timing.ts'
import type { CloseOptions } from '../serve-options.ts'
import type { Failure, FromWorker, Addresses } from './messages.ts'
import type { Logger } from '@octopus-gateway/core'
import type { WorkerProcess } from './worker-process.ts'

/** A worker, for people. */
export interface WorkerStatus {
  /** 1, 2, 3…: a worker that takes the place of another one has its number. */
  readonly worker: number
  /** `null` while there is no process. */
  readonly pid: number | null
  /** `waiting` before another attempt to start it. */
  readonly state: 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped'
  /** How often a process took the place of another one. */
  readonly restarts: number
}

/** What a slot tells of its worker. */
export interface SlotHost {
  readonly log: Logger
  spawn(): WorkerProcess
  /** It listens. */
  up(slot: Slot, listening: Addresses): void
  /** The process is gone. `failure` says why it could not start, where it said so. Returns whether another one is to take its place. */
  down(slot: Slot, failure: Failure | null): boolean
  message(slot: Slot, message: FromWorker): void
}

/** The place of one worker: somebody is in it, or somebody new is on the way. */
export class Slot {
  readonly number: number
  readonly #host: SlotHost
  process: WorkerProcess | null = null
  /** The numbers of the sets that the process has. */
  readonly has = new Set<number>()
  /** Whether it has been told what there is. */
  isGreeted = false
  /** The configuration it was given last. */
  configuration: unknown
  #state: WorkerStatus['state'] = 'waiting'
  #restarts = -1
  #startedAt = 0
  #heardAt = 0
  #failure: Failure | null = null
  /** How many in a row ended young. */
  #young = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #gone: () => void = () => {}

  constructor(number: number, host: SlotHost) {
    this.number = number
    this.#host = host
  }

  get status(): WorkerStatus {
    return { worker: this.number, pid: this.process?.pid ?? null, state: this.#state, restarts: Math.max(0, this.#restarts) }
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  start(): void {
    const process = this.#host.spawn()
    this.process = process
    this.has.clear()
    this.isGreeted = false
    this.#failure = null
    this.#restarts += 1
    this.#state = 'starting'
    this.#startedAt = this.#heardAt = performance.now()
    process.on({
      message: (message) => {
        if (this.process === process) this.#heard(message)
      },
      exit: (how) => {
        if (this.process === process) this.#exited(how)
      },
    })
  }

  /** Ends a process that says nothing. `late` is by how much the look itself came too late: then nobody could have been heard. */
  check(now: number, late: number): void {
    this.#heardAt += late
    this.#startedAt += late
    if (this.process === null || this.#state === 'stopping') return
    const isStarting = this.#state === 'starting'
    if (now - (isStarting ? this.#startedAt : this.#heardAt) <= (isStarting ? START_MS : HANG_MS)) return
    this.#host.log.error(isStarting ? 'worker does not get ready; it is ended' : 'worker hangs; it is ended', {
      worker: this.number,
      pid: this.process.pid,
    })
    this.process.kill()
  }

  /** Asks the worker to finish its requests and end; resolves when it has. */
  stop(how: CloseOptions): Promise<void> {
    clearTimeout(this.#timer)
    if (this.process === null) {
      this.#state = 'stopped'
      return Promise.resolve()
    }
    const gone = new Promise<void>((resolve) => (this.#gone = resolve))
    // One that does not serve yet has nothing to finish.
    if (this.#state === 'starting') this.process.kill()
    else this.process.send({ kind: 'stop', how })
    this.#state = 'stopping'
    return gone
  }

  kill(): void {
    this.process?.kill()
  }

  #heard(message: FromWorker): void {
    this.#heardAt = performance.now()
    if (message.kind === 'failed') this.#failure = message.failure
    else if (message.kind === 'ready' && this.#state === 'starting') {
      this.#state = 'running'
      this.#host.up(this, message.listening)
    } else this.#host.message(this, message)
  }

  #exited(how: string): void {
    const { pid } = this.process!
    this.process = null
    this.isGreeted = false
    if (this.#state === 'stopping') {
      this.#state = 'stopped'
      this.#host.down(this, null)
      this.#gone()
      return
    }
    const isYoung = this.#state === 'starting' || performance.now() - this.#startedAt < YOUNG_MS
    this.#young = isYoung ? this.#young + 1 : 0
    this.#state = 'waiting'
    if (!this.#host.down(this, this.#failure)) return
    const pause = backOff(this.#young)
    this.#timer = setTimeout(() => this.start(), pause)
    this.#host.log.error('worker ended; another one takes its place', {
      worker: this.number,
      pid,
      reason: this.#failure?.message ?? how,
      restart_in_ms: Math.round(pause),
    })
  }
}
