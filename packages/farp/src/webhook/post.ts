import { randomUUID } from 'node:crypto'
import { delayBefore, isWorthRetrying, jittered } from './retry.ts'
import { FetchError } from '../net/fetcher.ts'
import { messageOf } from '../text.ts'
import { placesOf } from '../schemas/candidates.ts'
import { secretsOf } from './settings.ts'
import { signatureOf } from './signature.ts'
import { sleep } from '@octopus-gateway/core'
import type { Addressee } from './addressee.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { Logger } from '@octopus-gateway/core'
import type { WebhookSettings } from './settings.ts'

/** What sending needs. */
export interface PostHost {
  readonly settings: WebhookSettings
  readonly fetcher: DocumentFetcher
  readonly log: Logger
  readonly signal: AbortSignal
  /** This gateway, towards services. */
  readonly gatewayId: string
  /** The instance as it is now, or `undefined` when it is gone. */
  find(key: string): Addressee | undefined
}

/** An event on its way to one instance. */
interface Letter {
  readonly event: string
  readonly data: object
  /** The same for every attempt: receivers tell repetitions by it. */
  readonly delivery: string
}

/** Letters that wait for one instance; of more, the oldest are thrown away. */
const MAX_WAITING = 100
/** Events that tell a state: a newer one makes those that still wait pointless. */
const STATES: ReadonlySet<string> = new Set(['routes.changed', 'config.updated', 'traffic.shift'])
const MAX_ANSWER = 65_536

/** Sends events to instances that have subscribed to them: signed, at least once, in order, each instance on its own. */
export class Post {
  readonly #host: PostHost
  readonly #waiting = new Map<string, Letter[]>()

  constructor(host: PostHost) {
    this.#host = host
  }

  /** Whether an instance is to be told of an event. */
  wants(to: Addressee, event: string): boolean {
    const { settings } = this.#host
    // What is not signed could be anybody's: receivers would have to believe everyone.
    return (
      settings.send && to.webhook.serviceWebhook !== undefined && to.webhook.subscribes.has(event) && secretsOf(settings, to).length > 0
    )
  }

  /** Sends an event to those of these instances that want it. Returns at once. */
  announce(event: string, to: readonly Addressee[], data: object): void {
    for (const one of to) if (this.wants(one, event)) this.#queue(one.key, { event, data, delivery: randomUUID() })
  }

  /** One attempt for each, without retries: nobody will be there to make them. Resolves when all have ended. */
  async farewell(event: string, to: readonly Addressee[], ms: number): Promise<void> {
    const letter: Letter = { event, data: {}, delivery: randomUUID() }
    const signal = AbortSignal.timeout(ms)
    await Promise.all(
      to.filter((one) => this.wants(one, event)).map((one) => this.#attempt(one, { ...letter, delivery: randomUUID() }, signal)),
    )
  }

  #queue(key: string, letter: Letter): void {
    const known = this.#waiting.get(key)
    const queue = known ?? []
    if (known === undefined) this.#waiting.set(key, queue)
    const pointless = STATES.has(letter.event) ? queue.findIndex(({ event }) => event === letter.event) : -1
    if (pointless !== -1) queue.splice(pointless, 1)
    queue.push(letter)
    if (queue.length > MAX_WAITING) {
      queue.shift()
      this.#host.log.warn('a webhook is not sent: too many wait for the instance', { instance: key, event: letter.event })
    }
    if (known === undefined) void this.#deliver(key, queue)
  }

  async #deliver(key: string, queue: Letter[]): Promise<void> {
    for (let letter = queue.shift(); letter !== undefined; letter = queue.shift()) {
      try {
        await this.#send(key, letter)
      } catch (thrown) {
        // A defect of ours, which no manifest may turn into the end of the process: nobody waits for this.
        this.#host.log.error('a webhook could not be sent', { instance: key, event: letter.event, error: messageOf(thrown) })
      }
    }
    this.#waiting.delete(key)
  }

  async #send(key: string, letter: Letter): Promise<void> {
    const { signal, log } = this.#host
    for (let attempt = 0; ; attempt++) {
      const to = this.#host.find(key)
      if (to === undefined || signal.aborted || !this.wants(to, letter.event)) return
      const { retry } = to.webhook
      await sleep(jittered(delayBefore(attempt, retry)), signal)
      if (signal.aborted) return
      const failure = await this.#attempt(to, letter, signal)
      if (failure === undefined) return
      if (attempt + 1 >= retry.attempts || !isWorthRetrying(failure.status) || failure.kind === 'blocked') {
        log.warn('a webhook was not delivered', { instance: key, event: letter.event, attempts: attempt + 1, reason: failure.message })
        return
      }
    }
  }

  /** `undefined` when it was taken. Never rejects. */
  async #attempt(to: Addressee, { event, data, delivery }: Letter, signal: AbortSignal): Promise<FetchError | undefined> {
    const { fetcher, gatewayId, settings } = this.#host
    const [place] = placesOf(to.webhook.serviceWebhook ?? '', to, [])
    const [secret = ''] = secretsOf(settings, to)
    if (place === undefined) return new FetchError('blocked', 'service_webhook is no URL that may be contacted')
    // Stamped for every attempt: receivers refuse what is old.
    const message = { event, type: event, timestamp: Math.floor(Date.now() / 1000), source: { gateway_id: gatewayId }, data }
    const body = new TextEncoder().encode(JSON.stringify(message))
    const headers = new Map([
      ['x-farp-signature', signatureOf(secret, body)],
      ['x-farp-event', event],
      ['x-farp-delivery', delivery],
    ])
    try {
      await fetcher.fetch({
        url: place.url,
        scope: to.scope,
        method: 'POST',
        body: { type: 'application/json', bytes: body },
        headers,
        accept: 'application/json',
        maxBytes: MAX_ANSWER,
        signal,
      })
      return undefined
    } catch (thrown) {
      if (thrown instanceof FetchError) return thrown
      throw thrown
    }
  }
}
