import { Broadcast } from './broadcast.ts'
import { BEAT_MS, CLOSE_MS, PREPARE_MS, REPORT_MS } from './timing.ts'
import { errorOf, WorkerError } from './failure.ts'
import { HEALTH } from '@octopus-gateway/core/lane'
import { NodeProber } from '../health/prober.ts'
import { randomBytes } from 'node:crypto'
import { Questions } from './questions.ts'
import { Slot } from './slot.ts'
import { toMilliseconds } from '@octopus-gateway/core'
import { Totals } from './totals.ts'
import type { CloseOptions } from '../serve-options.ts'
import type { Gateway, HealthData, Logger } from '@octopus-gateway/core'
import type { Failure, FromWorker, Addresses, ToWorker } from './messages.ts'
import type { SlotHost, WorkerStatus } from './slot.ts'
import type { HealthControl } from '@octopus-gateway/core/lane'
import type { WorkerProcess } from './worker-process.ts'

/** What workers are made of, beside their program. */
export interface ControlOptions {
  readonly count: number
  /** Given to every worker: structured-cloneable data from which it makes its gateway and listens. */
  readonly configuration: unknown
  readonly log: Logger
}

/** Runs the workers: the `Workers` of `createWorkers`, apart from it so that tests can give it processes of their own. */
export class Control {
  readonly #gateway: Gateway
  readonly #log: Logger
  readonly #slots: readonly Slot[]
  readonly #broadcast: Broadcast
  readonly #questions = new Questions()
  readonly #totals: Totals
  readonly #ticketSecret = randomBytes(32)
  readonly #subscriptions: Disposable[] = []
  readonly #health: HealthControl
  readonly #prober = new NodeProber()
  #configuration: unknown
  #listening: Addresses | null = null
  /** What workers are told about ports: nothing, as long as one listens that was told nothing. */
  #ports: Addresses | null = null
  #timer: ReturnType<typeof setInterval> | undefined
  #isScheduled = false
  #isClosing = false
  #updating: Promise<unknown> = Promise.resolve()
  #started: { resolve(): void; reject(failure: Failure): void } | null = null

  constructor(gateway: Gateway, options: ControlOptions, spawn: () => WorkerProcess) {
    this.#gateway = gateway
    this.#log = options.log
    this.#health = (gateway as Gateway & { readonly [HEALTH]: HealthControl })[HEALTH]
    this.#subscriptions.push(this.#health.use(this.#prober))
    this.#configuration = options.configuration
    this.#broadcast = new Broadcast(gateway)
    this.#totals = new Totals(gateway)
    const host: SlotHost = {
      log: options.log,
      spawn,
      up: (slot, listening) => this.#up(slot, listening),
      down: (slot, failure) => this.#down(slot, failure),
      message: (slot, message) => this.#message(slot, message),
    }
    this.#slots = Array.from({ length: options.count }, (_, index) => new Slot(index + 1, host))
  }

  list(): readonly WorkerStatus[] {
    return this.#slots.map((slot) => slot.status)
  }

  async start(): Promise<Addresses> {
    const started = new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject: (failure) => reject(errorOf(failure)) }
    })
    const schedule = (): void => this.#schedule()
    this.#subscriptions.push(
      this.#gateway.on('snapshot', schedule),
      this.#gateway.on('endpoints', schedule),
      this.#health.onVerdicts((verdicts) => this.#sendAll({ kind: 'verdicts', verdicts })),
    )
    this.#gateway.synced.then(schedule, () => {})
    this.#broadcast.refresh()
    for (const slot of this.#slots) slot.start()
    let due = performance.now() + BEAT_MS
    this.#timer = setInterval(() => {
      const now = performance.now()
      const late = Math.max(0, now - due - BEAT_MS)
      due = now + BEAT_MS
      for (const slot of this.#slots) slot.check(now, late)
    }, BEAT_MS)
    try {
      await started
      return this.#listening!
    } catch (thrown) {
      await this.#end({ grace: 0 })
      throw thrown
    } finally {
      this.#started = null
    }
  }

  async exposition(): Promise<string> {
    return this.#totals.exposition(await this.#reports(), this.list())
  }

  async upstreams(): Promise<readonly HealthData[]> {
    await this.#reports()
    return this.#totals.upstreams
  }

  update<T>(configuration: unknown, apply: () => Promise<T>): Promise<T> {
    const turn = this.#updating.then(() => this.#update(configuration, apply))
    this.#updating = turn.catch(() => {})
    return turn
  }

  async #update<T>(configuration: unknown, apply: () => Promise<T>): Promise<T> {
    this.#publish()
    const slots = this.#slots.filter((slot) => slot.isRunning)
    const answers = await Promise.allSettled(slots.map((slot) => this.#prepare(slot, configuration)))
    const refused = answers.find((answer) => answer.status === 'rejected')
    const prepared = answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value !== null ? [answer.value] : []))
    const abandon = (): void => prepared.forEach((one) => one.abandon())
    if (refused !== undefined) {
      abandon()
      throw refused.reason
    }
    const applied = await apply().catch((thrown: unknown) => {
      abandon()
      throw thrown
    })
    this.#publish()
    this.#configuration = configuration
    await Promise.all(prepared.map((one) => one.commit()))
    // Who began to serve meanwhile began with the one before.
    await Promise.all(this.#slots.filter((slot) => slot.isRunning).map((slot) => this.#catchUp(slot)))
    return applied
  }

  /** `null` when the worker ended meanwhile: whoever takes its place gets what holds then. */
  async #prepare(slot: Slot, configuration: unknown): Promise<{ commit(): Promise<void>; abandon(): void } | null> {
    const { process } = slot
    const answer = await this.#questions.ask(slot, (id) => ({ kind: 'prepare', id, configuration }), PREPARE_MS)
    if (slot.process !== process) return null
    if (answer?.kind !== 'done') throw new WorkerError({ message: `Worker ${slot.number} did not make the configuration ready in time.` })
    if (answer.failure !== null) throw errorOf(answer.failure)
    const { id } = answer
    return {
      commit: async () => {
        const done = await this.#questions.ask(slot, () => ({ kind: 'commit', id }), PREPARE_MS, id)
        if (slot.process !== process) return
        slot.configuration = configuration
        // The others have it already: one that cannot keep its word is replaced by one that has it from the start.
        if (done?.kind !== 'done' || done.failure !== null) slot.kill()
      },
      abandon: () => slot.process?.send({ kind: 'abandon', id }),
    }
  }

  async #catchUp(slot: Slot): Promise<void> {
    const configuration = this.#configuration
    if (slot.configuration === configuration) return
    try {
      await (await this.#prepare(slot, configuration))?.commit()
    } catch {
      // It could not take over from the earlier one; started anew it has nothing to take over.
      slot.kill()
    }
  }

  async close(how: CloseOptions = {}): Promise<void> {
    this.#isClosing = true
    // Whoever ends this process now does not want to wait; a worker would.
    const kill = (): void => this.kill()
    process.once('exit', kill)
    // A worker cuts its requests itself when their time is over; one that does not is cut.
    const longest = toMilliseconds(how.preStopDelay ?? 0) + toMilliseconds(how.grace ?? '10s') + CLOSE_MS
    const timer = setTimeout(() => this.kill(), longest)
    await this.#end(how).finally(() => {
      clearTimeout(timer)
      process.off('exit', kill)
    })
  }

  kill(): void {
    for (const slot of this.#slots) slot.kill()
  }

  async #end(how: CloseOptions): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) subscription[Symbol.dispose]()
    await Promise.all(this.#slots.map((slot) => slot.stop(how)))
    clearInterval(this.#timer)
    await this.#prober.close()
  }

  #up(slot: Slot, listening: Addresses): void {
    this.#listening ??= listening
    if (listening.port !== this.#listening.port || listening.tls?.port !== this.#listening.tls?.port) {
      slot.kill()
      return
    }
    void this.#catchUp(slot)
    if (this.#slots.every((slot) => slot.isRunning)) this.#started?.resolve()
  }

  #down(slot: Slot, failure: Failure | null): boolean {
    this.#questions.gone(slot)
    this.#totals.gone(slot)
    if (this.#started === null) return true
    this.#started.reject(failure ?? { message: `Worker ${slot.number} ended before it served; what it wrote says why.` })
    return false
  }

  #message(slot: Slot, message: FromWorker): void {
    switch (message.kind) {
      case 'hello':
        // The listening socket lives as long as a worker that uses it. When the last one is gone, "any free port" must become the one it was.
        if (!this.#slots.some((other) => other !== slot && other.isGreeted)) this.#ports = this.#listening
        slot.isGreeted = true
        slot.configuration = this.#configuration
        slot.process?.send({
          kind: 'welcome',
          configuration: this.#configuration,
          ports: this.#ports,
          ticketSecret: this.#ticketSecret,
        })
        slot.process?.send({ kind: 'verdicts', verdicts: this.#health.verdicts })
        this.#sendState(slot)
        break
      case 'report':
        this.#totals.keep(slot, message.metrics)
        if (message.id !== null) this.#questions.answer(slot, message.id, message)
        break
      case 'done':
        this.#questions.answer(slot, message.id, message)
        break
      case 'beat':
      case 'ready':
      case 'failed':
        break
    }
  }

  /** One message for everything that happens in a turn. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosing) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#publish()
    })
  }

  #publish(): void {
    if (!this.#broadcast.refresh()) return
    for (const slot of this.#slots) if (slot.isGreeted) this.#sendState(slot)
  }

  #sendAll(message: ToWorker): void {
    for (const slot of this.#slots) if (slot.isGreeted) slot.process?.send(message)
  }

  #sendState(slot: Slot): void {
    for (const message of this.#broadcast.messagesFor(slot.has)) slot.process?.send(message)
  }

  async #reports(): Promise<readonly Slot[]> {
    const ask = (id: number): ToWorker => ({ kind: 'report', id })
    const running = this.#slots.filter((slot) => slot.isRunning)
    const answers = await Promise.all(running.map((slot) => this.#questions.ask(slot, ask, REPORT_MS)))
    const silent = running.filter((_, index) => answers[index] === null)
    if (silent.length > 0) this.#log.warn('workers did not report in time', { workers: silent.map(({ number }) => number) })
    return silent
  }
}
