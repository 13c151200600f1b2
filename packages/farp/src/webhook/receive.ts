import { act } from './actions.ts'
import { clean } from '../text.ts'
import { Deliveries } from './deliveries.ts'
import { Gate } from '../push/gates.ts'
import { isSigned } from './signature.ts'
import { readBody } from './body.ts'
import { readMessage } from './message.ts'
import { secretsOf } from './settings.ts'
import type { Addressee } from './addressee.ts'
import type { Limits } from '../limits.ts'
import type { Logger } from '@octopus-gateway/core'
import type { WebhookMessage } from './message.ts'
import type { WebhookSettings } from './settings.ts'

/** What receiving needs. */
export interface ReceiverHost {
  readonly settings: WebhookSettings
  readonly limits: Limits
  readonly log: Logger
  /** The instances of this name, of whatever service. */
  find(instance: string): readonly Addressee[]
  /** An instance has sent a message itself. */
  heard(key: string): void
}

/** Largest message, in bytes. */
const MAX_BODY = 65_536
/** How far a timestamp may be off, in milliseconds: older messages may have been overheard. */
const WINDOW = 300_000
/** Events per instance and minute. */
const PER_MINUTE = 60

/** Takes messages of services: signed, recent, each once. One for all instances. */
export class Receiver {
  readonly #host: ReceiverHost
  readonly #deliveries = new Deliveries()
  readonly #gate = new Gate(PER_MINUTE)

  constructor(host: ReceiverHost) {
    this.#host = host
  }

  /** Answers a request to the webhook. Never rejects for what a sender does. */
  async receive(request: Request): Promise<Response> {
    if (request.method !== 'POST') return answer(405, 'send POST', { allow: 'POST' })
    const body = await readBody(request, MAX_BODY)
    if (typeof body === 'string') return body === 'too large' ? answer(413, `a message has at most ${MAX_BODY} bytes`) : answer(400, body)
    // The sender must be known before its signature can be checked: where no field names it, the body does, read within limits.
    const message = readMessage(body, this.#host.limits)
    const named = request.headers.get('x-farp-source-instance') ?? (typeof message === 'string' ? undefined : message.instance)
    if (named === undefined || named === '') return answer(400, 'the message does not say which instance sent it')
    const candidates = this.#host.find(named)
    if (candidates.length === 0) return answer(404, 'no such instance')
    const signature = request.headers.get('x-farp-signature') ?? ''
    const from = candidates.find((one) => secretsOf(this.#host.settings, one).some((secret) => isSigned(signature, body, secret)))
    if (from === undefined) {
      this.#host.log.warn('a webhook was refused: its signature is not that of the instance', { instance: clean(named, 200) })
      return answer(401, 'the signature is not right')
    }
    if (typeof message === 'string') return answer(400, message)
    return this.#take(from, message, { named, request, signature })
  }

  /** From here on the instance itself speaks. */
  #take(from: Addressee, message: WebhookMessage, sent: Sent): Response {
    const problem = disagreement(message, from, sent)
    if (problem !== undefined) return answer(400, problem)
    const now = Date.now()
    if (Math.abs(now - message.timestamp * 1000) > WINDOW) return answer(401, 'the timestamp is more than five minutes off')
    // The id is for a sender who tries again; it is not signed, so what was signed is remembered as well.
    const ids = [sent.request.headers.get('x-farp-delivery') ?? '', sent.signature]
    const known = ids.filter((id) => id !== '').map((id) => `${from.key}\n${id.slice(0, 200)}`)
    if (known.some((id) => this.#deliveries.has(from.service, id, now))) return answer(200, 'duplicate')
    if (this.#gate.take(from.key) > 0) return answer(429, `an instance may send ${PER_MINUTE} events a minute`, { 'retry-after': '1' })
    const { publishes } = from.webhook
    if (publishes.size > 0 && !publishes.has(message.event)) return answer(403, 'the manifest does not list this event in publish_events')
    this.#host.heard(from.key)
    const isUsed = act(from, message)
    for (const id of known) this.#deliveries.add(from.service, id, now)
    this.#host.log.info('a webhook was taken', { service: from.service, instance: clean(sent.named, 200), event: message.event })
    return answer(200, isUsed ? 'processed' : 'ignored')
  }
}

interface Sent {
  readonly named: string
  readonly request: Request
  readonly signature: string
}

/** What header and body say must agree: a signature covers the body alone. */
function disagreement({ event, instance, service }: WebhookMessage, from: Addressee, { request }: Sent): string | undefined {
  const announced = request.headers.get('x-farp-event')
  if (announced !== null && announced !== event) return 'X-FARP-Event and the body name different events'
  // The header is not signed either: without a name in the body a message of one instance would pass as another's of the service.
  if (instance === undefined) return 'the body does not say who sent it'
  if (!from.names.includes(instance) && !from.services.includes(instance))
    return 'X-FARP-Source-Instance and the body name different instances'
  if (service !== undefined && !from.services.includes(service)) return 'the body names another service'
  return undefined
}

function answer(status: number, text: string, fields: Readonly<Record<string, string>> = {}): Response {
  const body = status === 200 ? { status: text } : { error: text }
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...fields } })
}
