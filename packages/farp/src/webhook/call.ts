import { FetchError } from '../net/fetcher.ts'
import { originOf } from '../address.ts'
import type { Addressee } from './addressee.ts'
import type { DocumentFetcher, FetchedDocument } from '../net/guarded.ts'
import type { ServiceRoute } from '../manifest/webhook.ts'
import type { WebhookSettings } from './settings.ts'

/** One call of a route that an instance offers to the gateway. */
export interface ServiceCall {
  readonly settings: WebhookSettings
  readonly fetcher: DocumentFetcher
  readonly signal: AbortSignal
  /** `{event_id}` of its path, when it has one. */
  readonly eventId?: string
  readonly body?: unknown
}

const MAX_ANSWER = 1_048_576

/** Calls a route on the instance's own address, and nowhere else. Rejects with a `FetchError`; sends nothing where a token is needed and there is none. */
export async function callRoute(to: Addressee, route: ServiceRoute, call: ServiceCall): Promise<FetchedDocument> {
  const token = call.settings.tokens.get(to.service)
  if (route.needsToken && token === undefined)
    throw new FetchError('blocked', `the route needs a token: set farp.webhooks.tokens for "${to.service}"`)
  const path = route.path.replaceAll('{event_id}', encodeURIComponent(call.eventId ?? ''))
  const origin = originOf(to.own)
  const url = URL.canParse(path, origin) ? new URL(path, origin) : undefined
  // What looks like a path may begin another authority, or one that is none.
  if (url === undefined || url.origin !== new URL(origin).origin) throw new FetchError('blocked', 'the route leaves the instance')
  const headers = new Map<string, string>()
  if (route.needsToken && token !== undefined) headers.set('authorization', `Bearer ${token}`)
  const body =
    call.body === undefined ? {} : { body: { type: 'application/json', bytes: new TextEncoder().encode(JSON.stringify(call.body)) } }
  return call.fetcher.fetch({
    url,
    scope: to.scope,
    method: route.method,
    ...body,
    headers,
    accept: 'application/json',
    maxBytes: MAX_ANSWER,
    signal: call.signal,
  })
}
