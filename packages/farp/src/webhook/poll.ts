import { act } from './actions.ts'
import { callRoute } from './call.ts'
import { decodeUtf8 } from '../schemas/utf8.ts'
import { Deliveries } from './deliveries.ts'
import { documentFetcher } from '../net/guarded.ts'
import { isObject, ownObject, ownText, table, violation } from '../json.ts'
import { messageOf } from '../text.ts'
import { sleep } from '@octopus-gateway/core'
import { Turns } from '../net/turns.ts'
import type { Addressee } from './addressee.ts'
import type { Fetcher } from '../net/fetcher.ts'
import type { Limits } from '../limits.ts'
import type { Logger } from '@octopus-gateway/core'
import type { Polling, ServiceRoute } from '../manifest/webhook.ts'
import type { WebhookSettings } from './settings.ts'

/** What polling needs. */
export interface PollHost {
  readonly settings: WebhookSettings
  readonly fetcher: Fetcher
  readonly limits: Limits
  readonly log: Logger
  find(key: string): Addressee | undefined
}

/** Between polls that failed, in milliseconds. */
const FAILED_PAUSE = 30_000
/** Between long polls: an instance that answers at once must not keep the gateway busy. */
const LONG_PAUSE = 1_000
/** Events of one answer that are looked at. */
const MAX_EVENTS = 100
/** Instances that are asked at once; each may hold its place for the time of a long poll. */
const MAX_POLLS = 64
/** Those of one service: it must not hold all places by never answering. */
const MAX_POLLS_OF_SERVICE = 16

interface Plan {
  readonly poll: ServiceRoute
  readonly ack: ServiceRoute | undefined
  readonly polling: Polling
}

/** Asks instances for their events that cannot send them, each on its own. */
export class Pollers {
  readonly #host: PollHost
  readonly #turns = new Turns(MAX_POLLS, MAX_POLLS_OF_SERVICE)
  readonly #deliveries = new Deliveries()
  readonly #running = new Map<string, { readonly signature: string; readonly abort: AbortController }>()
  /** Instances that have sent a webhook: nobody asks who speaks. */
  readonly #speaking = new Set<string>()

  constructor(host: PollHost) {
    this.#host = host
  }

  /** An instance has sent a webhook itself. */
  heard(key: string): void {
    if (!this.#host.settings.poll) return
    this.#speaking.add(key)
    this.#stop(key)
  }

  /** Follows the instances that there are now. */
  refresh(members: readonly Addressee[]): void {
    if (!this.#host.settings.poll) return
    const keys = new Set(members.map(({ key }) => key))
    for (const key of this.#running.keys()) if (!keys.has(key)) this.#stop(key)
    for (const key of this.#speaking) if (!keys.has(key)) this.#speaking.delete(key)
    for (const one of members) {
      const plan = this.#speaking.has(one.key) ? undefined : planOf(one)
      const signature = JSON.stringify([plan ?? null, one.own])
      if (plan === undefined) this.#stop(one.key)
      else if (this.#running.get(one.key)?.signature !== signature) this.#start(one.key, plan, signature)
    }
  }

  stop(): void {
    for (const key of this.#running.keys()) this.#stop(key)
  }

  #stop(key: string): void {
    this.#running.get(key)?.abort.abort()
    this.#running.delete(key)
  }

  #start(key: string, plan: Plan, signature: string): void {
    this.#stop(key)
    const abort = new AbortController()
    this.#running.set(key, { signature, abort })
    void this.#run(key, plan, abort.signal)
  }

  async #run(key: string, plan: Plan, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pause = plan.polling.isLong ? LONG_PAUSE : plan.polling.interval
      const to = this.#host.find(key)
      if (to === undefined) return
      try {
        await this.#poll(to, plan, signal)
      } catch (thrown) {
        if (signal.aborted) return
        this.#host.log.warn('an instance could not be asked for its events', { instance: key, reason: messageOf(thrown) })
        pause = Math.max(pause, FAILED_PAUSE)
      }
      await sleep(pause, signal)
    }
  }

  async #poll(to: Addressee, { poll, ack, polling }: Plan, signal: AbortSignal): Promise<void> {
    const { settings, limits, fetcher } = this.#host
    const time = polling.isLong ? polling.longTimeout : (poll.timeout ?? polling.timeout)
    const patient = documentFetcher(fetcher, { ...limits, headersMs: time, totalMs: time + limits.connectMs }, this.#turns)
    const answer = await callRoute(to, poll, { settings, fetcher: patient, signal })
    for (const event of eventsOf(answer.body, limits)) {
      const id = `${to.key}\n${event.id}`
      const { publishes } = to.webhook
      const isNew = !this.#deliveries.has(to.service, id)
      if (isNew && (publishes.size === 0 || publishes.has(event.name)))
        act(to, { event: event.name, timestamp: 0, instance: undefined, service: undefined, data: event.data })
      this.#deliveries.add(to.service, id)
      if (ack !== undefined) await callRoute(to, ack, { settings, fetcher: patient, signal, eventId: event.id })
    }
  }
}

/** How an instance is asked; `undefined` when it does not want to be. */
function planOf({ webhook }: Addressee): Plan | undefined {
  const { polling, serviceRoutes } = webhook
  const poll = serviceRoutes.find(({ type, method }) => type === 'event.poll' && method === 'GET')
  if (poll === undefined || polling === undefined) return undefined
  return { poll, polling, ack: serviceRoutes.find(({ type }) => type === 'event.ack') }
}

interface PolledEvent {
  readonly id: string
  readonly name: string
  readonly data: ReturnType<typeof table>
}

function eventsOf(body: Uint8Array, limits: Limits): PolledEvent[] {
  const raw: unknown = JSON.parse(decodeUtf8(body) ?? '')
  const problem = Array.isArray(raw) ? violation(raw, limits) : 'the answer is not a list of events'
  if (problem !== undefined) throw new Error(problem)
  return (raw as unknown[])
    .slice(0, MAX_EVENTS)
    .filter(isObject)
    .flatMap((event) => {
      const id = ownText(event, 'event_id') ?? ''
      const name = ownText(event, 'event') ?? ''
      return id === '' || id.length > 200 ? [] : [{ id, name, data: { ...(ownObject(event, 'data') ?? table()) } }]
    })
}
