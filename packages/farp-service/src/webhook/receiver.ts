import { isSigned } from './signature.ts'
import { json, text } from '../http/answers.ts'
import { readBounded } from '../http/body.ts'
import type { GatewayEvent } from './event.ts'

const MAX_BODY = 65_536
/** Seconds that a message may be older or newer than now: later, a recorded one cannot be played back. */
const WINDOW = 300
/** Milliseconds for which deliveries are remembered, and how many. */
const MEMORY = 3_600_000
const MOST = 10_000

/** Takes events: verified, fresh, each delivery once. */
export class WebhookReceiver {
  readonly #seen = new Map<string, number>()

  async take(request: Request, { secret, on }: { secret: string; on: (event: GatewayEvent) => void | Promise<void> }): Promise<Response> {
    const body = await readBounded(request, MAX_BODY)
    if (body === undefined) return text(413, 'the event is too large')
    const signature = request.headers.get('x-farp-signature')
    if (signature === null || !isSigned(body, signature, secret)) return text(401, 'the signature does not fit')
    const event = eventOf(body, request.headers)
    if (event === undefined) return text(400, 'this is not an event')
    if (Math.abs(Date.now() / 1000 - event.timestamp) > WINDOW) return text(401, 'the event is not of now')
    // Told to be processed while it is: two attempts at once must not both be taken.
    // The id is not signed: whoever plays a recorded event back can leave it out or make up another one.
    const ids = event.delivery === undefined ? [signature] : [signature, event.delivery]
    if (!this.#claim(ids)) return json({ status: 'duplicate' })
    try {
      await on(event)
    } catch (thrown) {
      for (const id of ids) this.#seen.delete(id)
      throw thrown
    }
    return json({ status: 'ok' })
  }

  #claim(ids: readonly string[]): boolean {
    const now = Date.now()
    for (const [known, at] of this.#seen) {
      if (now - at < MEMORY && this.#seen.size < MOST) break
      this.#seen.delete(known)
    }
    if (ids.some((id) => this.#seen.has(id))) return false
    for (const id of ids) this.#seen.set(id, now)
    return true
  }
}

function eventOf(body: Uint8Array, headers: Headers): GatewayEvent | undefined {
  const message = parse(body)
  if (typeof message !== 'object' || message === null) return undefined
  const { event, type, timestamp, source, data } = message as Readonly<Record<string, unknown>>
  const name = event ?? type
  const said = headers.get('x-farp-event')
  // What was signed decides; a header that says something else is a trick or a mistake.
  if (typeof name !== 'string' || name === '' || (said !== null && said !== name) || typeof timestamp !== 'number') return undefined
  const delivery = headers.get('x-farp-delivery')?.slice(0, 200) || undefined
  return { event: name, timestamp, source, data, delivery }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    // The only failures are "not UTF-8" and "not JSON", which are the answer.
    return undefined
  }
}
