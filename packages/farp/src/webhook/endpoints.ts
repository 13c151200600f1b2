import type { Hub } from './hub.ts'
import type { ProvidedEndpoint } from '@octopus-gateway/core'
import type { WebhookSettings } from './settings.ts'

/** What is served beside the admin API, as far as it is configured. `/farp` is the spelling of the specification. */
export function webhookEndpoints(settings: WebhookSettings, hub: () => Hub | undefined): readonly ProvidedEndpoint[] {
  const through = (call: (hub: Hub, request: Request) => Promise<Response>) => (request: Request) => {
    const current = hub()
    return current === undefined ? Response.json({ error: 'the gateway is not ready' }, { status: 503 }) : call(current, request)
  }
  const own = (path: string, call: (hub: Hub, request: Request) => Promise<Response>): ProvidedEndpoint[] =>
    ['/_farp', '/farp'].map((prefix) => ({ path: prefix + path, access: 'own', handler: through(call) }))
  return [
    ...(settings.receive ? own('/webhook', (current, request) => current.receive(request)) : []),
    ...(settings.tokens.size === 0
      ? []
      : [
          ...own('/schema/validate', (current, request) => current.answer(request, 'schema')),
          ...own('/config', (current, request) => current.answer(request, 'config')),
        ]),
    { path: '/_farp/control', access: 'admin', handler: through((current, request) => current.control(request)) },
  ]
}
