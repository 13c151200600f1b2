import { createServer, request } from 'node:http'
import { expect, test } from 'vitest'
import { openapiOf, startFarpService, waitFor } from '@octopus-gateway/testing'
import { forgeInstance, manifestOf, startPushGateway, TOKEN } from './support/pushing.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type { PushGateway } from './support/pushing.ts'

const users = (): Promise<FarpService> => startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /users/{id}']) })
const at = (address: string, port = 8080): object => ({ instance: { id: 'i', service_name: 'users', address, port } })

test('[R38] [F12.2.credential] nobody registers without a credential, whatever is tried; nothing is told', async () => {
  await using service = await users()
  await using gateway = await startPushGateway()
  for (const authorization of [
    '',
    'Bearer',
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN}, Bearer x`,
  ]) {
    for (const [method, path] of [
      ['POST', 'register'],
      ['PUT', 'heartbeat/x'],
      ['DELETE', 'deregister/x'],
      ['GET', 'services'],
      ['GET', 'services/users'],
      ['GET', 'nothing'],
    ] as const) {
      const answer = await gateway.call(method, path, method === 'GET' ? undefined : forgeInstance(service), { authorization })
      expect([401, 429]).toContain(answer.status)
      expect(['UNAUTHORIZED', 'RATE_LIMITED']).toContain(answer.body['code'])
    }
  }
  const refused = await gateway.call('GET', 'services', undefined, {})
  expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  // Whoever has a credential is not shut out by those who have none behind the same address.
  expect((await gateway.call('GET', 'services')).body).toEqual([])
})

test('without tokens: callers of this machine, but no web pages', async () => {
  await using service = await users()
  await using gateway = await startPushGateway({ tokens: [] })
  const body = forgeInstance(service)
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-origin' },
  ]) {
    expect(await gateway.call('POST', 'register', body, headers as Record<string, string>)).toMatchObject({
      status: 403,
      body: { code: 'BROWSER_REFUSED' },
    })
  }
  const rebound = await new Promise<number | undefined>((resolve) => {
    request(`${gateway.url}/_farp/v1/services`, { headers: { host: 'evil.example' } }, (response) =>
      resolve(response.resume().statusCode),
    ).end()
  })
  expect(rebound).toBe(403)
  expect((await gateway.call('POST', 'register', body, {})).status).toBe(201)
})

test('calls come from allowed addresses only', async () => {
  await using service = await users()
  await using closed = await startPushGateway({ allowFrom: ['10.0.0.0/8', 'fd00::/8'] })
  expect(await closed.call('POST', 'register', forgeInstance(service))).toMatchObject({ status: 403, body: { code: 'ADDRESS_FORBIDDEN' } })
  await using open = await startPushGateway({ tokens: [], allowFrom: ['127.0.0.0/8'] })
  expect((await open.call('POST', 'register', forgeInstance(service), {})).status).toBe(201)
})

test('[R38] [F12.2.addresses] a registration cannot point the gateway to where services are not', async () => {
  await using gateway = await startPushGateway()
  const blocked = [
    '169.254.169.254',
    '[fe80::1]',
    '0.0.0.0',
    '[::]',
    '224.0.0.1',
    '100.100.100.200',
    '[::ffff:169.254.169.254]',
    '255.255.255.255',
  ]
  for (const address of blocked) {
    expect(await gateway.call('POST', 'register', at(address)), address).toMatchObject({ status: 400, body: { code: 'ADDRESS_BLOCKED' } })
  }
  expect((await gateway.call('POST', 'register', at('10.0.0.1', 2375))).body).toMatchObject({ code: 'ADDRESS_BLOCKED' })
  expect((await gateway.call('POST', 'register', at('name.invalid'))).body).toMatchObject({ code: 'ADDRESS_UNRESOLVED' })
  for (const address of ['', 'a b', 'http://', 'ftp://10.0.0.1', 'user@10.0.0.1', '10.0.0.1/path']) {
    const { status, body } = await gateway.call('POST', 'register', at(address, 0))
    expect([status, body['code']], address).toEqual([400, 'NO_ADDRESS'])
  }
  expect((await gateway.call('GET', 'services')).body).toEqual([])
})

test('[F12.4.push] [F12.4.streaming] a body over the limit is refused while it comes, however long it says it is', async () => {
  await using gateway = await startPushGateway()
  const send = (headers: Record<string, string>): Promise<{ status: number; sent: number }> =>
    new Promise((resolve, reject) => {
      let sent = 0
      const out = request(`${gateway.url}/_farp/v1/register`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      })
      out.on('response', (response) => {
        resolve({ status: response.resume().statusCode!, sent })
        out.destroy()
      })
      // The gateway closes the connection once it has answered.
      out.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' || error.code === 'ECONNRESET' ? undefined : reject(error)))
      const chunk = Buffer.alloc(64 * 1024, 'a')
      const write = (): void => {
        while (sent < 20 * 1024 * 1024 && !out.destroyed) {
          sent += chunk.length
          if (!out.write(chunk)) return void out.once('drain', write)
        }
        out.end()
      }
      write()
    })
  expect((await send({})).status).toBe(413)
  expect((await send({ 'content-length': String(20 * 1024 * 1024) })).status).toBe(413)
  expect((await gateway.call('GET', 'services')).status).toBe(200)
})

test('[R38] [F12.7.depth] [F12.7.utf8] [F12.8.metadata] hostile JSON is refused with a code, and pollutes nothing', async () => {
  await using service = await users()
  await using gateway = await startPushGateway()
  const code = async (body: unknown): Promise<unknown> => (await gateway.call('POST', 'register', body)).body['code']
  for (const body of ['', 'null', '[]', '"x"', '{', '[1,', 'not json', '{}', '{"instance":[]}', '{"instance":null,"manifest":7}']) {
    expect(await code(body), body).toBe('INVALID_BODY')
  }
  expect(await code(`{"instance":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`)).toBe('INVALID_BODY')
  expect(await code('['.repeat(1_000_000))).toBe('INVALID_BODY')
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  expect(await code({ manifest: { service_name: 'users' }, schemas: [{ format: 'openapi', content: deep }] })).toBe('INVALID_BODY')
  expect(await code(`{"instance":{"id":"${'x'.repeat(300)}","service_name":"users","address":"127.0.0.1"}}`)).toBe('INVALID_INSTANCE')
  for (const [member, value] of Object.entries({ service_name: '../admin', id: 'a\u0000b', version: 'ä', port: 70_000 })) {
    expect(await code({ instance: { id: 'i', service_name: 'users', address: '127.0.0.1', port: 1, [member]: value } }), member).toBe(
      'INVALID_INSTANCE',
    )
  }
  const { instance } = forgeInstance(service) as { instance: object }
  const hostile = `{"instance":${JSON.stringify({ ...instance, metadata: undefined }).slice(0, -1)},"metadata":{"__proto__":"x","constructor":"y","n":1}},"__proto__":{"polluted":true}}`
  expect((await gateway.call('POST', 'register', hostile)).status).toBe(201)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  const utf16 = await fetch(`${gateway.url}/_farp/v1/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: Buffer.from('{}', 'utf16le').subarray(0, 3),
  })
  expect(utf16.status).toBe(400)
  const gzip = await gateway.call('POST', 'register', '{}', { authorization: `Bearer ${TOKEN}`, 'content-encoding': 'gzip' })
  expect(gzip).toMatchObject({ status: 415, body: { code: 'CONTENT_CODING' } })
})

test('paths and methods', async () => {
  await using service = await users()
  await using gateway = await startPushGateway({ aliases: ['/farp'] })
  const odd = { ...(forgeInstance(service) as { instance: object }).instance, id: 'a/b%c' }
  for (const base of ['/_farp/v1', '/__/farp', '/farp']) {
    expect((await gateway.call('POST', `${base}/register`, { instance: odd })).status, base).toBeLessThan(300)
    expect((await gateway.call('PUT', `${base}/heartbeat/a%2Fb%25c`, { status: 'passing' })).status, base).toBe(200)
    expect((await gateway.call('GET', `${base}/services/`)).body, base).toMatchObject([{ id: 'a/b%c', status: 'healthy' }])
  }
  for (const [method, path, allow] of [
    ['GET', 'register', 'POST'],
    ['POST', 'heartbeat/x', 'PUT'],
    ['GET', 'deregister/x', 'DELETE'],
    ['POST', 'services', 'GET, HEAD'],
    ['OPTIONS', 'services/users', 'GET, HEAD, PUT, DELETE'],
  ] as const) {
    const answer = await gateway.call(method, path)
    expect([answer.status, answer.headers.get('allow')], `${method} ${path}`).toEqual([405, allow])
  }
  for (const path of ['', 'nothing', 'heartbeat', 'heartbeat/a/b', 'register/x', 'constructor', '__proto__']) {
    expect((await gateway.call('PUT', path, {})).status, path).toBe(404)
  }
  expect(await gateway.call('PUT', 'heartbeat/%ff', {})).toMatchObject({ status: 400, body: { code: 'INVALID_PATH' } })
  expect((await gateway.call('DELETE', 'deregister/a%2fb%25c')).status).toBe(200)
})

test('a name with several instances takes out those of the caller, by id exactly one', async () => {
  await using one = await users()
  await using two = await users()
  await using gateway = await startPushGateway()
  for (const service of [one, two]) await gateway.call('POST', 'register', forgeInstance(service))
  expect((await gateway.call('DELETE', `deregister/${one.instanceId}`)).body).toMatchObject({ instances: [one.instanceId] })
  await gateway.call('POST', 'register', forgeInstance(one))
  expect((await gateway.call('DELETE', 'deregister/users')).body['instances']).toEqual([one.instanceId, two.instanceId].sort())
})

test('[F12.14.bucket] a service changes its registration at most sixty times a minute', async () => {
  await using service = await users()
  await using gateway = await startPushGateway()
  const body = forgeInstance(service)
  const push = async (): Promise<number> => (await gateway.call('POST', 'register', body)).status
  expect(await push()).toBe(201)
  const statuses: number[] = []
  // One more is let through every second: on a slow machine it takes a few more.
  while (statuses.at(-1) !== 429 && statuses.length < 300) statuses.push(await push())
  expect(statuses.slice(0, 59).every((status) => status === 200)).toBe(true)
  expect(statuses.at(-1)).toBe(429)
  expect((await gateway.call('PUT', `heartbeat/${service.instanceId}`, {})).status).toBe(200)
  expect((await gateway.call('DELETE', 'deregister/users')).status).toBe(200)
})

test('what the gateway answers tells nothing of its inside', async () => {
  await using service = await users()
  const failing = { ...broken(), log: undefined }
  await using gateway = await startPushGateway({ store: failing })
  const answer = await gateway.call('POST', 'register', forgeInstance(service))
  // A store that fails costs durability, not the registration.
  expect(answer).toMatchObject({ status: 201, body: { schemas_applied: 1 } })
  expect(JSON.stringify(answer.body)).not.toContain('/var/secret')
  expect(gateway.logged).toContain('a registration could not be stored; it holds in this process only')
  expect(await gateway.status('/users/users/7')).toBe(200)
})

test('[F12.1.foreign] a manifest that says more than its instance serves is no way to other hosts', async () => {
  let hits = 0
  const other = createServer((_, response) => {
    hits++
    response.end('{}')
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.2', resolve))
  const { port } = other.address() as { port: number }
  try {
    await using service = await users()
    await using gateway = await startPushGateway()
    const manifest = { ...(await manifestOf(service)), checksum: '' }
    const schemas = [{ type: 'openapi', location: { type: 'http', url: `http://127.0.0.2:${port}/openapi.json` } }]
    const registered = await gateway.call('POST', 'register', { ...forgeInstance(service), manifest: { ...manifest, schemas } })
    expect(registered).toMatchObject({ status: 201, body: { schemas_applied: 1 } })
    await waitFor(() => findings(gateway).includes('FOREIGN_HOST'))
    expect(hits).toBe(0)
  } finally {
    other.close()
  }
})

function findings({ gateway }: PushGateway): string[] {
  return (gateway.snapshot.sets.get('farp') ?? []).flatMap((set) => (set.findings ?? []).map(({ code }) => code))
}

function broken(): { [name in 'get' | 'set' | 'delete' | 'list']: () => Promise<never> } & { watch(): AsyncIterable<never> } {
  const fail = (): Promise<never> => Promise.reject(new Error('EACCES: /var/secret/store'))
  return {
    get: fail,
    set: fail,
    delete: fail,
    list: fail,
    // eslint-disable-next-line require-yield
    async *watch() {
      await fail()
    },
  }
}
