import cluster from 'node:cluster'
import { BEAT_MS } from './timing.ts'
import { failureOf } from './failure.ts'
import { Supply } from './supply.ts'
import type { CloseOptions } from '../serve-options.ts'
import type { FromWorker, Addresses, ToWorker } from './messages.ts'
import type { Gateway, GatewayOptions } from '@octopus-gateway/core'

/** How often a worker tells what it has counted without being asked: that much is lost at most when it is killed. */
const REPORT_BEATS = 5

/** How long a worker without a control process goes on with what is under way. */
const ORPHAN_GRACE = '30s'

/** What the control process gives a worker. */
export interface WorkerOrders {
  /** What `createWorkers` was given, or the last `update`. */
  readonly configuration: unknown
  /** Where the other workers listen already; `null` for the first ones. A port that was taken as any free one is settled by them. */
  readonly ports: Addresses | null
  /** For TLS: a session that one worker has begun can be resumed at another. */
  readonly ticketSecret: Uint8Array
  /** Makes a gateway: discovery, route sources and health checks are replaced by what the control process tells. */
  gateway(options: GatewayOptions): Gateway
  /** The same options, to update such a gateway with. */
  supplied(options: GatewayOptions): GatewayOptions
  /** Resolves when a gateway of such options serves all that the control process knows; listen after it. */
  settled(gateway: Gateway): Promise<void>
}

/** A worker's part of a change: ready, and not in effect. */
export interface PreparedChange {
  commit(): Promise<void>
  abandon(): Promise<void>
}

/** A worker that serves. */
export interface WorkerService {
  readonly gateway: Gateway
  readonly listening: Addresses
  /** Makes another configuration ready; rejects when it cannot be had, and then nothing has changed. */
  prepare(configuration: unknown): Promise<PreparedChange>
  /** Finishes the requests under way and stops; `how` is what the control process was told. */
  close(how: CloseOptions): Promise<void>
}

/**
 * The life of a worker process, for the module that `createWorkers` names: `start` makes a gateway and listens. Resolves when the worker has
 * been asked to stop, or the control process is gone, and its requests are done; end the process then. Signals are the control process's to take:
 * a terminal and a service manager send them to every process of a group.
 */
export async function runWorker(start: (orders: WorkerOrders) => Promise<WorkerService>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  await new Member(start).run()
}

class Member {
  readonly #start: (orders: WorkerOrders) => Promise<WorkerService>
  readonly #supply = new Supply()
  readonly #prepared = new Map<number, PreparedChange>()
  #service: WorkerService | null = null
  #stop: (how: CloseOptions) => void = () => {}
  readonly #asked = new Promise<CloseOptions>((resolve) => (this.#stop = resolve))

  constructor(start: (orders: WorkerOrders) => Promise<WorkerService>) {
    this.#start = start
  }

  async run(): Promise<void> {
    const welcomed = new Promise<ToWorker & { kind: 'welcome' }>((resolve) => {
      process.on('message', (message: ToWorker) => {
        if (message.kind === 'welcome') resolve(message)
        else this.#take(message)
      })
    })
    // Otherwise `node:cluster` would end this process at once, with all its requests.
    cluster.worker?.once('disconnect', () => (cluster.worker!.exitedAfterDisconnect = true))
    // Nobody is left who could ask for anything: what is under way is finished, and nothing lingers.
    process.on('disconnect', () => this.#stop({ grace: ORPHAN_GRACE }))
    tell({ kind: 'hello' })
    let beats = 0
    const beating = setInterval(() => {
      tell({ kind: 'beat' })
      if (++beats % REPORT_BEATS === 0) this.#report(null)
    }, BEAT_MS)
    try {
      const { configuration, ports, ticketSecret } = await welcomed
      const service = await this.#start({
        configuration,
        ports,
        ticketSecret,
        gateway: (options) => this.#supply.gateway(options),
        supplied: (options) => this.#supply.options(options),
        settled: (gateway) => this.#supply.settled(gateway),
      })
      this.#service = service
      tell({ kind: 'ready', listening: service.listening })
      await service.close(await this.#asked)
      this.#report(null)
    } catch (thrown) {
      tell({ kind: 'failed', failure: failureOf(thrown) })
    } finally {
      clearInterval(beating)
      await delivered()
    }
  }

  #take(message: ToWorker): void {
    switch (message.kind) {
      case 'set':
        return this.#supply.keep(message.number, message.set)
      case 'state':
        return this.#supply.apply(message.state)
      case 'verdicts':
        return this.#supply.judge(message.verdicts)
      case 'report':
        return this.#report(message.id)
      case 'prepare':
        return this.#answer(message.id, async () => {
          this.#prepared.set(message.id, await this.#service!.prepare(message.configuration))
        })
      case 'commit':
        return this.#answer(message.id, () => this.#takePrepared(message.id)?.commit())
      case 'abandon':
        return this.#answer(message.id, () => this.#takePrepared(message.id)?.abandon())
      case 'stop':
        return this.#stop(message.how)
      case 'welcome':
        return undefined
    }
  }

  #takePrepared(id: number): PreparedChange | undefined {
    const change = this.#prepared.get(id)
    this.#prepared.delete(id)
    return change
  }

  #answer(id: number, work: () => Promise<void> | undefined): void {
    const done = async (): Promise<void> => work()
    done().then(
      () => tell({ kind: 'done', id, failure: null }),
      (thrown: unknown) => tell({ kind: 'done', id, failure: failureOf(thrown) }),
    )
  }

  #report(id: number | null): void {
    if (this.#service !== null) tell({ kind: 'report', id, metrics: this.#service.gateway.metrics.snapshot() })
  }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send!(message, undefined, {}, () => {})
}

/** Resolves when everything told so far has left, as far as there is somebody to tell it to. */
function delivered(): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send!({ kind: 'beat' } satisfies FromWorker, undefined, {}, () => resolve())
    else resolve()
  })
}
