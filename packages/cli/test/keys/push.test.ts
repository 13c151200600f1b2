import { behaviour } from './behaviour.ts'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { assertBuilt } from '../../../../scripts/lib/build.mjs'
import { join } from 'node:path'
import { openapiOf, startFarpService, waitFor, type FarpService } from '@octopus-gateway/testing'
import { refused, running, type Running } from './running.ts'
import { tmpdir } from 'node:os'

const TOKEN = 'a-token-of-these-tests'

const people = (): Promise<FarpService> => startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']) })

const pushing = (push: string, more = 'watch_interval: 20ms, route_linger: 0s', rest = ''): Promise<Running> =>
  running(`farp: { ${more}, push: { ${push} } }\n${rest}`)

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function call(gateway: Running, [method, path]: readonly [string, string], body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(`${gateway.admin}${path.startsWith('/') ? path : `/_farp/v1/${path}`}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const instanceOf = ({ name, instanceId, port }: FarpService): object => ({
  instance: { id: instanceId, service_name: name, address: '127.0.0.1', port },
})

const register = (gateway: Running, service: FarpService, token?: string, path = 'register'): Promise<Answer> =>
  call(gateway, ['POST', path], instanceOf(service), token)

behaviour('farp.push.enabled', 'true takes registrations, without any discovery; false, the default, does not', async () => {
  await using users = await people()
  await using gateway = await pushing('enabled: true')
  expect(await register(gateway, users)).toMatchObject({ status: 201, body: { schemas_applied: 1 } })
  expect(await gateway.status('/users/people')).toBe(200)
  expect((await gateway.view('/_/services')).services).toMatchObject([{ name: 'users', instances: [{ id: users.instanceId }] }])
  await using closed = await running('discovery: { backend: static }\n')
  expect((await register(closed, users)).status).toBe(404)
  const { code, err } = await refused('farp: { push: { enabled: true } }\nadmin: { enabled: false }')
  expect([code, err]).toEqual([78, expect.stringContaining('registrations are taken on the admin listener')])
})

behaviour('farp.push.tokens[]', 'who shows one may register, nobody else', async () => {
  await using users = await people()
  await using gateway = await pushing(`enabled: true, tokens: [another-token-of-them, "${TOKEN}"]`)
  expect((await register(gateway, users)).status).toBe(401)
  expect((await register(gateway, users, `${TOKEN}x`)).status).toBe(401)
  expect((await register(gateway, users, TOKEN)).status).toBe(201)
  const wrong = ['tokens: [short]', 'tokens: [{ services: [a] }]', `tokens: [{ token: ${TOKEN}, services: [] }]`, `tokens: ["${TOKEN} x"]`]
  for (const tokens of wrong) {
    const { code, err } = await refused(`farp: { push: { enabled: true, ${tokens} } }`)
    expect([code, err]).toEqual([78, expect.stringContaining('farp.push.tokens[0]')])
    expect(err).not.toContain(TOKEN)
  }
})

behaviour('farp.push.tokens[]', 'may be a map with the token, which may come out of the environment', async () => {
  await using users = await people()
  await using gateway = await running('farp: { push: { enabled: true, tokens: [{ token: "${PUSH}" }] } }\n', { env: { PUSH: TOKEN } })
  expect([(await register(gateway, users)).status, (await register(gateway, users, TOKEN)).status]).toEqual([401, 201])
})

behaviour('farp.push.tokens[]', 'of a map registers its services only', async () => {
  await using users = await people()
  await using orders = await startFarpService({ name: 'orders' })
  await using gateway = await pushing(`enabled: true, tokens: [{ token: ${TOKEN}, services: [orders] }]`)
  expect(await register(gateway, users, TOKEN)).toMatchObject({ status: 403, body: { code: 'SERVICE_FORBIDDEN' } })
  expect((await register(gateway, orders, TOKEN)).status).toBe(201)
})

behaviour('farp.push.allow_from[]', 'are the addresses that may call, and without tokens all that is asked', async () => {
  await using users = await people()
  await using far = await pushing(`enabled: true, allow_from: [10.0.0.0/8], tokens: [${TOKEN}]`)
  expect(await register(far, users, TOKEN)).toMatchObject({ status: 403, body: { code: 'ADDRESS_FORBIDDEN' } })
  await using near = await pushing('enabled: true, allow_from: [127.0.0.1]')
  expect((await register(near, users)).status).toBe(201)
  const open = 'admin: { address: "0.0.0.0:0", allow_unauthenticated: true }\n'
  const { code, err } = await refused(`${open}farp: { push: { enabled: true } }`)
  expect([code, err]).toEqual([78, expect.stringContaining('registrations would need no credential')])
})

behaviour('farp.push.heartbeat_timeout', 'is how long an instance that sends heartbeats may be silent', async () => {
  await using users = await people()
  await using short = await pushing('enabled: true, heartbeat_timeout: 200ms')
  await using long = await pushing('enabled: true')
  for (const gateway of [short, long]) {
    await register(gateway, users)
    expect((await call(gateway, ['PUT', `heartbeat/${users.instanceId}`], { status: 'healthy' })).status).toBe(200)
  }
  await waitFor(async () => (await short.status('/users/people')) === 404)
  expect(await long.status('/users/people')).toBe(200)
})

behaviour('farp.push.missed_probes', 'is after how many vain looks an instance without heartbeats is forgotten', async () => {
  await using users = await people()
  await using soon = await pushing('enabled: true, missed_probes: 2')
  await using late = await pushing('enabled: true, missed_probes: 10000')
  for (const gateway of [soon, late]) await register(gateway, users)
  await users.stop()
  const known = async (gateway: Running): Promise<unknown> => (await call(gateway, ['GET', 'services'])).body.length
  await waitFor(async () => (await known(soon)) === 0)
  expect(await known(late)).toBe(1)
  // It is out all the same.
  await waitFor(async () => (await late.status('/users/people')) === 404)
})

behaviour('farp.push.aliases[]', 'are further places of the endpoints', async () => {
  await using users = await people()
  await using gateway = await pushing('enabled: true, aliases: [/farp]')
  expect((await register(gateway, users, undefined, '/farp/register')).status).toBe(201)
  expect((await register(gateway, users, undefined, '/__/farp/register')).status).toBe(200)
  await using none = await pushing('enabled: true')
  expect((await register(none, users, undefined, '/farp/register')).status).toBe(404)
  expect((await refused('farp: { push: { enabled: true, aliases: [/_/farp] } }')).code).toBe(78)
})

behaviour('store.path', 'is the folder in which registrations outlive the process, .octopus by default', async () => {
  await using users = await people()
  const folder = mkdtempSync(join(tmpdir(), 'octopus-store-'))
  try {
    const start = (): Promise<Running> =>
      pushing(`enabled: true, tokens: [${TOKEN}]`, undefined, `store: { path: ${join(folder, 'kept')} }\n`)
    {
      await using gateway = await start()
      expect(readdirSync(folder)).toEqual([])
      expect((await register(gateway, users, TOKEN)).status).toBe(201)
    }
    const kept = join(folder, 'kept')
    expect(readdirSync(kept)).toHaveLength(1)
    expect(readFileSync(join(kept, readdirSync(kept)[0]!), 'utf8')).not.toContain(TOKEN)
    await using again = await start()
    expect(await again.status('/users/people')).toBe(200)
    await using standard = await pushing('enabled: true')
    await register(standard, users)
    expect(existsSync(join(standard.cli.cwd, '.octopus'))).toBe(true)
    await using relative = await running('farp: { push: { enabled: true } }\nstore: { path: beside }\n')
    await register(relative, users)
    expect(existsSync(join(relative.cli.cwd, 'beside'))).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('with workers the control process takes registrations, and every worker has the routes', async () => {
  assertBuilt('packages/cli')
  // This process reads src, and its children would too.
  process.execArgv.splice(0)
  await using users = await people()
  await using gateway = await running('server: { workers: 2 }\nfarp: { push: { enabled: true } }\n')
  expect((await register(gateway, users)).status).toBe(201)
  await waitFor(async () => (await gateway.status('/users/people')) === 200)
  await waitFor(async () => {
    const statuses = await Promise.all(Array.from({ length: 20 }, () => gateway.status('/users/people')))
    return statuses.every((status) => status === 200)
  })
  expect(users.counts.openapi).toBe(1)
  expect((await call(gateway, ['DELETE', 'deregister/users'])).status).toBe(200)
  await waitFor(async () => [404, 503].includes(await gateway.status('/users/people')))
})

test('a reload keeps what is registered', async () => {
  await using users = await people()
  await using gateway = await pushing('enabled: true')
  await register(gateway, users)
  gateway.cli.file('octopus.yaml', 'farp: { watch_interval: 30ms, push: { enabled: true, heartbeat_timeout: 1m } }\n')
  gateway.cli.hangUp()
  await gateway.cli.seen(/configuration reloaded|reloaded/)
  for (let i = 0; i < 20; i++) expect(await gateway.status('/users/people')).toBe(200)
  expect((await call(gateway, ['GET', 'services'])).body).toMatchObject([{ id: users.instanceId }])
  gateway.cli.file('octopus.yaml', 'farp: { watch_interval: 30ms }\ndiscovery: { backend: static }\n')
  gateway.cli.hangUp()
  await waitFor(async () => (await register(gateway, users)).status === 404)
})
