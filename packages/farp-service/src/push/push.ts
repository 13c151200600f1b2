import { BackOff, jittered } from './back-off.ts'
import { untilAborted } from './deadline.ts'
import { Pause } from './pause.ts'
import type { Acknowledgement, GatewayClient } from './gateway-client.ts'
import type { LogEntry } from '../options.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Registration } from './options.ts'
import type { ServiceRecord } from '../registries/record.ts'
import type { Status } from '../manifest/instance.ts'

/** What is pushed, as it is now. */
export interface Pushed {
  readonly id: string
  record(): ServiceRecord
  manifest(): Promise<Manifest>
  status(): Promise<Status>
  log(entry: Omit<LogEntry, 'gateway'>): void
}

/** Milliseconds. */
export interface PushTimes {
  readonly heartbeat: number
  readonly retry: number
  readonly retryMax: number
}

/** Keeps an instance registered with one gateway: registers until it succeeds, then sends heartbeats, and registers again when the gateway forgot. */
export class Push implements Registration {
  readonly registered: Promise<boolean>
  readonly #client: GatewayClient
  readonly #pushed: Pushed
  readonly #times: PushTimes
  readonly #controller = new AbortController()
  readonly #pause = new Pause()
  readonly #done: Promise<void>
  #settle: (isRegistered: boolean) => void = () => undefined
  #isAnnounced = false
  #isChanged = true
  #closing: Promise<void> | undefined

  constructor(client: GatewayClient, pushed: Pushed, times: PushTimes) {
    this.#client = client
    this.#pushed = pushed
    this.#times = times
    this.registered = new Promise((resolve) => (this.#settle = resolve))
    this.#done = this.#run()
  }

  /** What is pushed has changed: the gateway hears of it now. */
  changed(): void {
    this.#isChanged = true
    this.#pause.cut()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#controller.abort()
    this.#pause.cut()
    await this.#done
    this.#settle(false)
    // A call that was cut off may have arrived all the same.
    if (!this.#isAnnounced) return
    try {
      const { isOk, status } = await this.#client.deregister(this.#pushed.id)
      if (isOk || status === 404) this.#pushed.log({ level: 'info', message: 'deregistered' })
      else this.#pushed.log({ level: 'warn', message: `the gateway answered the deregistration with ${status}` })
    } catch (error) {
      this.#pushed.log({ level: 'warn', message: 'the gateway did not answer the deregistration', error })
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller
    const failures = new BackOff(this.#times.retry, this.#times.retryMax)
    const mismatches = new BackOff(this.#times.heartbeat, Math.max(this.#times.retryMax, this.#times.heartbeat))
    /** When a gateway that holds something else is sent the manifest again. */
    let notBefore = 0
    while (!signal.aborted) {
      const isRegistration = this.#isChanged
      this.#isChanged = false
      const outcome = await this.#tried(isRegistration ? () => this.#register() : () => this.#beat())
      if (signal.aborted) return
      if (outcome === undefined || !outcome.isOk) {
        this.#isChanged ||= isRegistration || outcome?.status === 404
        // Forgotten is not refused: nothing speaks against registering again at once.
        if (!isRegistration && outcome?.status === 404) continue
        await this.#pause.wait(failures.next())
        continue
      }
      failures.reset()
      if (isRegistration) this.#accepted()
      if (outcome.isSame) mismatches.reset()
      else if (isRegistration) notBefore = Date.now() + mismatches.next()
      else if (Date.now() >= notBefore) {
        this.#isChanged = true
        continue
      }
      await this.#pause.wait(jittered(this.#times.heartbeat, 0.1))
    }
  }

  #accepted(): void {
    this.#settle(true)
    this.#pushed.log({ level: 'info', message: 'registered' })
  }

  async #register(): Promise<Outcome> {
    const manifest = await this.#pushed.manifest()
    this.#controller.signal.throwIfAborted()
    this.#isAnnounced = true
    const answer = await this.#client.register(this.#pushed.record(), manifest, this.#controller.signal)
    if (!answer.isOk) this.#pushed.log({ level: 'warn', message: `the gateway refused the registration with ${answer.status}` })
    return compared(answer, manifest)
  }

  async #beat(): Promise<Outcome> {
    const [manifest, status] = await Promise.all([this.#pushed.manifest(), this.#pushed.status()])
    const body = { status, routes_checksum: manifest.routes_checksum }
    const answer = await this.#client.heartbeat(this.#pushed.id, body, this.#controller.signal)
    if (!answer.isOk) this.#pushed.log({ level: 'warn', message: `the gateway answered a heartbeat with ${answer.status}` })
    return compared(answer, manifest)
  }

  /** `undefined` when there was no answer. */
  async #tried(call: () => Promise<Outcome>): Promise<Outcome | undefined> {
    try {
      return await untilAborted(call(), this.#controller.signal)
    } catch (error) {
      if (!this.#controller.signal.aborted) this.#pushed.log({ level: 'warn', message: 'the gateway could not be reached', error })
      return undefined
    }
  }
}

interface Outcome extends Acknowledgement {
  /** Whether the gateway holds what was sent, as far as it says. */
  readonly isSame: boolean
}

function compared(answer: Acknowledgement, { routes_checksum: own }: Manifest): Outcome {
  return { ...answer, isSame: answer.routesChecksum === undefined || answer.routesChecksum === own }
}
