import { expectStatus, type Question, type Servers } from './servers.ts'
import { sleep } from '@octopus-gateway/core'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** At the end nobody waits longer for a server. Milliseconds. */
const FAREWELL = 2_000

/** The gateway as an instance of its own: registered, renewed, registered again where it was forgotten, and taken back at the end. */
export class Registration {
  readonly #servers: Servers
  readonly #register: NonNullable<Settings['register']>
  readonly #zone: string | undefined
  readonly #id: string
  #isRegistered = false

  constructor(servers: Servers, register: NonNullable<Settings['register']>, zone: string | undefined) {
    this.#servers = servers
    this.#register = register
    this.#zone = zone
    this.#id = register.instanceId ?? `${register.host}:${register.app}:${register.port}`
  }

  /** Until `signal` aborts. That no server takes it is logged, and tried again at the next heartbeat. */
  async run(log: Logger, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (!this.#isRegistered || !(await this.#renew(signal))) await this.#enter(signal)
      } catch (thrown) {
        if (signal.aborted) return
        log.warn('the gateway could not be registered', { provider: 'eureka', reason: (thrown as Error).message })
      }
      await sleep(this.#register.heartbeat, signal)
    }
  }

  /** Rejects with an `Outage` when no server takes it. */
  async takeBack(): Promise<void> {
    if (this.#isRegistered)
      await this.#ask({ method: 'DELETE', path: this.#path, timeout: FAREWELL }, [200, 404], AbortSignal.timeout(FAREWELL))
  }

  get #path(): string {
    return `/apps/${encodeURIComponent(this.#register.app.toUpperCase())}/${encodeURIComponent(this.#id)}`
  }

  async #enter(signal: AbortSignal): Promise<void> {
    const path = `/apps/${encodeURIComponent(this.#register.app.toUpperCase())}`
    // Whoever is told to stop before the answer has come may be registered.
    this.#isRegistered = true
    try {
      await this.#ask({ method: 'POST', path, body: { instance: this.#instance() } }, [200, 204], signal)
    } catch (thrown) {
      this.#isRegistered = signal.aborted
      throw thrown
    }
  }

  /** Whether the server still knew of it. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    return (await this.#ask({ method: 'PUT', path: `${this.#path}?status=UP` }, [200, 404], signal)) === 200
  }

  #ask(question: Question, fine: readonly number[], signal: AbortSignal): Promise<number> {
    return this.#servers.ask(async (server) => {
      const answer = await server(question, signal)
      expectStatus(answer, fine, 'the registration of the gateway')
      return answer.status
    })
  }

  #instance(): Readonly<Record<string, unknown>> {
    const { app, host, port, secure, metadata, heartbeat } = this.#register
    const seconds = Math.max(1, Math.round(heartbeat / 1000))
    return {
      instanceId: this.#id,
      hostName: host,
      ipAddr: host,
      app: app.toUpperCase(),
      vipAddress: app,
      secureVipAddress: app,
      status: 'UP',
      port: { $: port, '@enabled': String(!secure) },
      securePort: { $: port, '@enabled': String(secure) },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: { renewalIntervalInSecs: seconds, durationInSecs: seconds * 3 },
      metadata: { ...(this.#zone === undefined ? {} : { zone: this.#zone }), ...metadata },
    }
  }
}
