import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { parseGoDuration } from '../duration.ts'
import type { JsonObject } from '../json.ts'

/** When a failed delivery is tried again; times in milliseconds. */
export interface RetryTimes {
  /** Attempts in all. */
  readonly attempts: number
  readonly initialDelay: number
  readonly maxDelay: number
  readonly multiplier: number
}

/** A route of a service that the gateway may call (`webhook.http_routes.service_routes[]`). */
export interface ServiceRoute {
  readonly id: string
  /** Begins with `/`; may contain `{event_id}`. */
  readonly path: string
  /** Upper case. */
  readonly method: string
  /** `event.poll`, `lifecycle.reload`… */
  readonly type: string
  readonly needsToken: boolean
  /** Milliseconds, or `undefined` when the service says nothing. */
  readonly timeout: number | undefined
}

/** How a service wants to be asked for its events; times in milliseconds. */
export interface Polling {
  readonly interval: number
  readonly timeout: number
  readonly isLong: boolean
  readonly longTimeout: number
}

/** What a manifest says about messages between service and gateway. Holds a secret: never show it, never keep it beside the manifest. */
export interface DeclaredWebhook {
  /** Where the service wants to be told of events of the gateway; a path or a URL. */
  readonly serviceWebhook: string | undefined
  /** Empty when there is none: then nothing is sent and nothing believed. */
  readonly secret: string
  readonly subscribes: ReadonlySet<string>
  /** Empty: the service does not restrict itself. */
  readonly publishes: ReadonlySet<string>
  readonly retry: RetryTimes
  readonly serviceRoutes: readonly ServiceRoute[]
  /** `undefined` when the service says nothing of polling. */
  readonly polling: Polling | undefined
}

/** What counts where a manifest says nothing, or zero: a peer written in Go cannot tell the two apart. */
export const RETRY_DEFAULTS: RetryTimes = { attempts: 3, initialDelay: 1_000, maxDelay: 30_000, multiplier: 2 }

/** No manifest may make the gateway try for ever, or hold a message for days. */
const MOST: RetryTimes = { attempts: 10, initialDelay: 60_000, maxDelay: 300_000, multiplier: 10 }
const MAX_EVENTS = 100
const MAX_ROUTES = 50
const MAX_TEXT = 200

/** Reads the `webhook` member of a manifest, whatever of it can be read. */
export function readWebhook(manifest: JsonObject): DeclaredWebhook {
  const webhook = ownObject(manifest, 'webhook') ?? table()
  const routes = ownObject(webhook, 'http_routes') ?? table()
  return {
    serviceWebhook: ownText(webhook, 'service_webhook') || undefined,
    secret: ownText(webhook, 'secret') ?? '',
    subscribes: names(webhook, 'subscribe_events'),
    publishes: names(webhook, 'publish_events'),
    retry: readRetry(ownObject(webhook, 'retry') ?? table()),
    serviceRoutes: ownList(routes, 'service_routes').slice(0, MAX_ROUTES).filter(isObject).flatMap(readRoute),
    polling: readPolling(ownObject(routes, 'polling')),
  }
}

/** Reads a retry policy. What is missing, zero or no number is the default. */
export function readRetry(retry: JsonObject): RetryTimes {
  const time = (name: string): number | undefined => positive(parseGoDuration(ownText(retry, name) ?? ''))
  const multiplier = positive(own(retry, 'multiplier'))
  const initialDelay = Math.min(time('initial_delay') ?? RETRY_DEFAULTS.initialDelay, MOST.initialDelay)
  return {
    attempts: Math.min(Math.floor(positive(own(retry, 'max_attempts')) ?? RETRY_DEFAULTS.attempts) || 1, MOST.attempts),
    initialDelay,
    maxDelay: Math.min(time('max_delay') ?? RETRY_DEFAULTS.maxDelay, MOST.maxDelay),
    // Below 1 it would hurry instead of giving way.
    multiplier: multiplier === undefined ? RETRY_DEFAULTS.multiplier : Math.min(Math.max(multiplier, 1), MOST.multiplier),
  }
}

function readRoute(route: JsonObject): ServiceRoute[] {
  const path = ownText(route, 'path') ?? ''
  const method = (ownText(route, 'method') ?? '').toUpperCase()
  const type = ownText(route, 'type') ?? ''
  if (!/^\/[\x21-\x7e]{0,1023}$/.test(path) || path.startsWith('//') || !/^(?:GET|PUT|POST|PATCH|DELETE)$/.test(method)) return []
  const timeout = positive(parseGoDuration(ownText(route, 'timeout') ?? ''))
  return [{ id: ownText(route, 'id') ?? '', path, method, type, needsToken: own(route, 'auth_required') === true, timeout }]
}

function readPolling(polling: JsonObject | undefined): Polling | undefined {
  if (polling === undefined) return undefined
  const time = (name: string, otherwise: number): number =>
    Math.min(Math.max(positive(parseGoDuration(ownText(polling, name) ?? '')) ?? otherwise, 1_000), 300_000)
  return {
    interval: time('interval', 30_000),
    timeout: time('timeout', 10_000),
    isLong: own(polling, 'long_polling') === true,
    longTimeout: time('long_polling_timeout', 60_000),
  }
}

function names(object: JsonObject, name: string): ReadonlySet<string> {
  const texts = ownList(object, name).filter((item) => typeof item === 'string' && item !== '' && item.length <= MAX_TEXT)
  return new Set((texts as string[]).slice(0, MAX_EVENTS))
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
}
