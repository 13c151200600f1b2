import { decodeUtf8 } from '../schemas/utf8.ts'
import { isObject, own, ownObject, ownText, table, violation } from '../json.ts'
import type { JsonObject } from '../json.ts'

/** A message between service and gateway, whichever of its two forms it had. */
export interface WebhookMessage {
  readonly event: string
  /** Unix seconds. */
  readonly timestamp: number
  /** Who sent it, as far as the body says so. */
  readonly instance: string | undefined
  readonly service: string | undefined
  readonly data: JsonObject
}

/** What names an event may have: they appear in logs and answers. */
const EVENT = /^[A-Za-z0-9._-]{1,100}$/

/**
 * Reads a body: `{event, timestamp, source: {service_name, instance_id}, data}` or `{type, timestamp, source: "instance", data?}`. A text says
 * why it is none.
 */
export function readMessage(body: Uint8Array, limits: { readonly depth: number; readonly nodes: number }): WebhookMessage | string {
  const raw = readObject(body, limits)
  if (typeof raw === 'string') return raw
  const [event = ownText(raw, 'type'), type = event] = [ownText(raw, 'event'), ownText(raw, 'type')]
  if (event === undefined || !EVENT.test(event)) return 'it names no event'
  if (type !== event) return 'its event and its type differ'
  const timestamp = own(raw, 'timestamp')
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp)) return 'it has no timestamp in Unix seconds'
  return { event, timestamp, ...sourceOf(raw), data: ownObject(raw, 'data') ?? table() }
}

/** A body as a JSON object within the limits, or what is wrong with it. */
export function readObject(body: Uint8Array, limits: { readonly depth: number; readonly nodes: number }): JsonObject | string {
  const text = decodeUtf8(body)
  if (text === undefined) return 'it is not UTF-8'
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    // The parser's own message would repeat what was sent.
    return 'it is not JSON'
  }
  if (!isObject(raw)) return 'it is not a JSON object'
  return violation(raw, limits) ?? raw
}

function sourceOf(raw: JsonObject): Pick<WebhookMessage, 'instance' | 'service'> {
  const source = own(raw, 'source')
  if (typeof source === 'string') return { instance: source || undefined, service: undefined }
  if (!isObject(source)) return { instance: undefined, service: undefined }
  return { instance: ownText(source, 'instance_id') || undefined, service: ownText(source, 'service_name') || undefined }
}
