import { callRoute } from './call.ts'
import { clean } from '../text.ts'
import { FetchError } from '../net/fetcher.ts'
import { own, ownText } from '../json.ts'
import { readBody } from './body.ts'
import { readObject } from './message.ts'
import type { Addressee } from './addressee.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { Limits } from '../limits.ts'
import type { Logger } from '@octopus-gateway/core'
import type { WebhookSettings } from './settings.ts'

/** What an operator may have the gateway call. */
const CONTROLS: ReadonlySet<string> = new Set(['lifecycle.start', 'lifecycle.stop', 'lifecycle.reload', 'config.update'])
const MAX_BODY = 262_144
/** Milliseconds. */
const PATIENCE = 10_000

/** What controlling needs. */
export interface ControlHost {
  readonly settings: WebhookSettings
  readonly fetcher: DocumentFetcher
  readonly limits: Limits
  readonly log: Logger
  readonly members: readonly Addressee[]
}

/**
 * `POST {service, type, instance?, config?}`: calls the route of this type of every instance, or of one, and tells what each answered. The caller has
 * shown the credential of the admin API.
 */
export async function control(request: Request, { settings, fetcher, limits, log, members }: ControlHost): Promise<Response> {
  if (request.method !== 'POST') return Response.json({ error: 'send POST' }, { status: 405, headers: { allow: 'POST' } })
  // A page in the operator's browser cannot send JSON across origins without asking first.
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) return refused(415, 'send application/json')
  const body = await readBody(request, MAX_BODY)
  const order = typeof body === 'string' ? body : readObject(body, limits)
  if (typeof order === 'string') return refused(400, order)
  const [service, type = '', instance] = [ownText(order, 'service'), ownText(order, 'type'), ownText(order, 'instance')]
  if (!CONTROLS.has(type)) return refused(400, `type is one of ${[...CONTROLS].join(', ')}`)
  const called = members.filter((one) => one.service === service && (instance === undefined || one.names.includes(instance)))
  if (called.length === 0) return refused(404, 'no such instance')
  const results = await Promise.all(
    called.map(async (to) => {
      const route = to.webhook.serviceRoutes.find((one) => one.type === type)
      const name = to.names[0]!
      if (route === undefined) return { instance: name, error: 'it offers no such route' }
      try {
        const content = type === 'config.update' ? { body: { config: own(order, 'config') ?? {} } } : {}
        const answer = await callRoute(to, route, { settings, fetcher, signal: AbortSignal.timeout(PATIENCE), ...content })
        return { instance: name, status: answer.status }
      } catch (thrown) {
        if (!(thrown instanceof FetchError)) throw thrown
        return { instance: name, ...(thrown.status === undefined ? {} : { status: thrown.status }), error: thrown.message }
      }
    }),
  )
  log.info('an operator called a control route', { service: clean(service ?? '', 200), type, instances: results.length })
  const isFine = results.every((result) => !('error' in result))
  return Response.json({ results }, { status: isFine ? 200 : 502, headers: { 'cache-control': 'no-store' } })
}

function refused(status: number, error: string): Response {
  return Response.json({ error }, { status })
}
