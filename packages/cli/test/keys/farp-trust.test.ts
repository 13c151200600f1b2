import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { discovered, discovery } from './yaml.ts'
import { openapiOf, startFarpService, waitFor, type FarpService, type FarpServiceOptions } from '@octopus-gateway/testing'
import { running, type Running } from './running.ts'
import { SECRET, withToken } from './token.ts'

const people = (manifest: object, more: Partial<FarpServiceOptions> = {}): Promise<FarpService> =>
  startFarpService({
    name: 'users',
    openapi: openapiOf('Users', ['GET /people', 'POST /hook', 'GET /events']),
    manifest: { ...manifest },
    ...more,
  })

const JWT = `middleware: [{ name: auth, required: false }]\nplugins: [{ name: jwt-auth, config: { secret: "${SECRET}" } }]\n`
const QUICK = 'watch_interval: 20ms'

const follow = (farp: string, users: FarpService, more = ''): Promise<Running> =>
  running(`${discovery(discovered(users.name, users.port))}farp: { ${farp} }\n${more}`)

/** Nobody, and somebody whom the gateway knows. */
const statuses = async (gateway: Running): Promise<number[]> => [
  await gateway.status('/users/people'),
  await gateway.status('/users/people', withToken({ sub: 'ann' })),
]

const codes = async (gateway: Running): Promise<string[]> =>
  (await gateway.view('/_/services')).services.flatMap(({ findings }) => findings.map(({ code }) => code))

const BEARER = { auth: { schemes: [{ type: 'bearer' }] } }

behaviour(
  'farp.auth.enforce',
  'auto, the default, enforces where somebody asks; always closes where nobody does; never leaves it to services',
  async () => {
    await using users = await people(BEARER)
    const outcome = async (auth: string, more = ''): Promise<number[]> => {
      await using gateway = await follow(auth, users, more)
      return await statuses(gateway)
    }
    expect(await outcome('')).toEqual([200, 200])
    expect(await outcome('', JWT)).toEqual([401, 200])
    expect(await outcome('auth: { enforce: auto }', JWT)).toEqual([401, 200])
    expect(await outcome('auth: { enforce: always }')).toEqual([503, 503])
    expect(await outcome('auth: { enforce: never }', JWT)).toEqual([200, 200])
  },
)

behaviour('farp.auth.providers', 'say who stands for which kind of scheme; every provider does without', async () => {
  await using users = await people(BEARER)
  await using mapped = await follow('auth: { providers: { bearer: jwt-auth } }', users, JWT)
  expect(await statuses(mapped)).toEqual([401, 200])
  await using other = await follow('auth: { providers: { apikey: jwt-auth } }', users, JWT)
  expect(await statuses(other)).toEqual([503, 503])
})

behaviour('farp.auth.allow_relaxation', 'true lets an update take back what was demanded, false, the default, does not', async () => {
  await using users = await people(BEARER)
  await using strict = await follow(QUICK, users, JWT)
  await using loose = await follow(`${QUICK}, auth: { allow_relaxation: true }`, users, JWT)
  users.update({ manifest: {} })
  await waitFor(async () => (await statuses(loose))[0] === 200)
  await waitFor(async () => (await codes(strict)).includes('AUTH_RELAXATION'))
  expect(await statuses(strict)).toEqual([401, 200])
})

behaviour(
  'farp.auth.default',
  'required wants a caller who is known also where services demand nothing; inherit is the default',
  async () => {
    await using users = await people({})
    await using inherit = await follow('', users, JWT)
    await using required = await follow('auth: { default: required }', users, JWT)
    expect([await statuses(inherit), await statuses(required)]).toEqual([
      [200, 200],
      [401, 200],
    ])
  },
)

const HOOK_SECRET = 'a secret of the manifest'
const OPERATORS = 'a secret of the operator'

/** Sends a signed message to the admin listener. */
async function webhook({ admin }: Running, from: FarpService, secret: string): Promise<number> {
  const source = { service_name: from.name, instance_id: from.instanceId }
  const body = JSON.stringify({ event: 'schema.updated', timestamp: Date.now() / 1000, source })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = { 'x-farp-signature': signature, 'content-type': 'application/json' }
  return (await fetch(`${admin}/_farp/webhook`, { method: 'POST', headers, body })).status
}

const SIGNED = { webhook: { secret: HOOK_SECRET } }

behaviour(
  'farp.webhooks.receive',
  'true takes signed messages on the admin listener, and looks at once; false is the default',
  async () => {
    await using users = await people(SIGNED)
    await using off = await follow('watch_interval: 1h', users)
    expect(await webhook(off, users, HOOK_SECRET)).toBe(404)
    await using on = await follow('watch_interval: 1h, webhooks: { receive: true }', users)
    users.update({ openapi: openapiOf('Users', ['GET /people', 'GET /new']) })
    expect(await on.status('/users/new')).toBe(404)
    expect(await webhook(on, users, HOOK_SECRET)).toBe(200)
    await waitFor(async () => (await on.status('/users/new')) === 200)
    // Not among the routes for clients.
    expect(await on.status('/_farp/webhook', { method: 'POST' })).toBe(404)
  },
)

behaviour('farp.webhooks.secrets', 'replace those of manifests, and are never shown', async () => {
  await using users = await people(SIGNED)
  await using gateway = await follow(`webhooks: { receive: true, secrets: { users: "${OPERATORS}" } }`, users)
  expect([await webhook(gateway, users, HOOK_SECRET), await webhook(gateway, users, OPERATORS)]).toEqual([401, 200])
  const shown = await Promise.all(
    ['routes', 'services', 'upstreams', 'config'].map(async (view) => (await fetch(`${gateway.admin}/_/${view}`)).text()),
  )
  for (const secret of [OPERATORS, HOOK_SECRET]) expect(shown.join() + JSON.stringify(gateway.lines)).not.toContain(secret)
})

behaviour('farp.webhooks.manifest_secrets', 'false lets only secrets of the operator count', async () => {
  await using users = await people(SIGNED)
  await using gateway = await follow('webhooks: { receive: true, manifest_secrets: false }', users)
  expect(await webhook(gateway, users, HOOK_SECRET)).toBe(401)
})

behaviour('farp.webhooks.send', 'true tells services of events of the gateway, its end among them; false is the default', async () => {
  const got: string[] = []
  const manifest = { webhook: { secret: HOOK_SECRET, service_webhook: '/hook', subscribe_events: ['gateway.shutdown'] } }
  await using users = await people(manifest, {
    handler: (request, response) => {
      if (request.method === 'POST') got.push(String(request.headers['x-farp-event']))
      response.end()
    },
  })
  for (const farp of ['', 'webhooks: { send: true }']) {
    await using gateway = await follow(farp, users)
    expect(await gateway.status('/users/people')).toBe(200)
  }
  expect(got).toEqual(['gateway.shutdown'])
})

const EVENT_ROUTES = {
  webhook: {
    http_routes: {
      service_routes: [{ id: 'p', path: '/events', method: 'GET', type: 'event.poll', auth_required: true }],
      polling: { interval: '1h' },
    },
  },
}

/** A service that counts who asks it for its events, and with which token. */
async function polled(): Promise<{ readonly users: FarpService; readonly asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = []
  const users = await people(EVENT_ROUTES, {
    handler: (request, response) => {
      asked.push(request.headers.authorization)
      response.end('[]')
    },
  })
  return { users, asked }
}

const TOKEN = 'a token of sixteen and more'

behaviour('farp.webhooks.poll', 'true asks services for their events; false is the default', async () => {
  const { users, asked } = await polled()
  await using _ = users
  await using off = await follow(`webhooks: { tokens: { users: "${TOKEN}" } }`, users)
  await using on = await follow(`webhooks: { poll: true, tokens: { users: "${TOKEN}" } }`, users)
  await waitFor(() => asked.length === 1)
  expect([off.admin === on.admin, asked]).toEqual([false, [`Bearer ${TOKEN}`]])
})

behaviour('farp.webhooks.tokens', 'are shown to services that want one, and let services ask', async () => {
  const { users, asked } = await polled()
  await using _ = users
  await using without = await follow('webhooks: { poll: true }', users)
  await using gateway = await follow(`webhooks: { poll: true, tokens: { users: "${TOKEN}" } }`, users)
  await waitFor(() => asked.length === 1)
  const ask = async ({ admin }: Running, authorization: string): Promise<number> =>
    (await fetch(`${admin}/_farp/config`, { headers: { authorization } })).status
  expect([await ask(gateway, `Bearer ${TOKEN}`), await ask(gateway, 'Bearer x'), await ask(without, `Bearer ${TOKEN}`)]).toEqual([
    200, 401, 404,
  ])
  expect(asked).toEqual([`Bearer ${TOKEN}`])
})
