import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { behaviour } from './behaviour.ts'
import { closedPort, startEureka, startService, waitFor, type Eureka, type Service } from '@octopus-gateway/testing'
import { refused, running, type Running } from './running.ts'

let one: Service
let two: Service
beforeAll(async () => {
  one = await startService({ name: 'one' })
  two = await startService({ name: 'two' })
})
afterAll(async () => {
  for (const service of [one, two]) await service[Symbol.asyncDispose]()
})

async function eurekaWith(options: Parameters<typeof startEureka>[0] = {}): Promise<Eureka> {
  const eureka = await startEureka(options)
  onTestFinished(() => eureka[Symbol.asyncDispose]())
  put(eureka, one)
  return eureka
}

const put = (eureka: Eureka, { name, port }: Service, metadata: Readonly<Record<string, string>> = {}): void =>
  eureka.registry.register({ app: 'users', instanceId: name, hostName: '127.0.0.1', port, metadata })

const yamlOf = (keys: string): string =>
  `farp: { enabled: false }
upstreams: [{ name: up, service: users }]
routes: [{ path: /*, upstream: up, retries: 0 }]
discovery: { backend: eureka, eureka: { ${keys} } }
`

const finding = (eureka: Eureka, keys = ''): Promise<Running> =>
  running(yamlOf(`servers: ["${eureka.url}"], interval: 1s${keys === '' ? '' : `, ${keys}`}`))

const names = async (gateway: Running): Promise<unknown[]> =>
  [...new Set(await Promise.all(Array.from({ length: 4 }, async () => (await gateway.json('/'))['name'])))].sort()

behaviour('discovery.eureka.servers[]', 'are asked until one answers', async () => {
  const eureka = await eurekaWith()
  await using gateway = await running(yamlOf(`servers: ["http://127.0.0.1:${await closedPort()}/eureka", "${eureka.url}"]`))
  expect(await names(gateway)).toEqual(['one'])
  const { code, err } = await refused(yamlOf('servers: ["http://ann:hunter2@127.0.0.1/eureka"]'))
  expect([code, err]).toEqual([78, expect.stringMatching(/servers\[0\]: must not hold a user name or a password/)])
  expect(err).not.toContain('hunter2')
  expect((await refused(yamlOf('servers: ["127.0.0.1:8761"]'))).err).toMatch(/servers\[0\]: must be an address such as http:/)
})

behaviour('discovery.eureka.interval', 'is how often changes are asked for', async () => {
  const eureka = await eurekaWith()
  await using gateway = await finding(eureka)
  await using slow = await running(yamlOf(`servers: ["${eureka.url}"], interval: 1h`))
  put(eureka, two)
  await waitFor(async () => expect(await names(gateway)).toEqual(['one', 'two']))
  expect(await names(slow)).toEqual(['one'])
})

behaviour('discovery.eureka.zone', 'is the zone whose instances come first', async () => {
  const eureka = await eurekaWith()
  put(eureka, one, { zone: 'a' })
  put(eureka, two, { zone: 'b' })
  await using near = await finding(eureka, 'zone: b')
  expect(await names(near)).toEqual(['two'])
  await using all = await finding(eureka)
  expect(await names(all)).toEqual(['one', 'two'])
})

async function problem(eureka: Eureka, keys: string): Promise<unknown> {
  // Without the admin API nobody waits for what never comes.
  await using gateway = await running(yamlOf(`servers: ["${eureka.url}"], ${keys}`) + 'admin: { enabled: false }\n')
  expect(gateway.cli.out).not.toContain('hunter2')
  return waitFor(() => gateway.lines.find((line) => line['provider'] === 'eureka' && line['reason'] !== undefined)?.['reason'], {
    timeout: 10_000,
  })
}

behaviour('discovery.eureka.username', 'is who asks', async () => {
  const eureka = await eurekaWith({ username: 'ann', password: 'pw' })
  await using gateway = await finding(eureka, 'username: ann, password: pw')
  expect(await names(gateway)).toEqual(['one'])
  expect(await problem(eureka, 'username: bob, password: pw')).toMatch(/answered 401 .*check username and password/)
})

behaviour('discovery.eureka.password', 'is never shown', async () => {
  const eureka = await eurekaWith({ username: 'ann', password: 'pw' })
  expect(await problem(eureka, 'username: ann, password: hunter2')).toMatch(/answered 401/)
  const { err } = await refused(yamlOf('username: ann, password: [hunter2]'))
  expect(err).toMatch(/discovery\.eureka\.password: must be a password/)
  expect(err).not.toContain('hunter2')
})

type Own = NonNullable<ReturnType<Eureka['registry']['get']>>

/** A gateway that registers itself, and what Eureka knows of it. */
async function registered(
  keys: string,
  id: readonly [app: string, id: string],
  check: (own: Own, eureka: Eureka) => unknown,
): Promise<Eureka> {
  const eureka = await eurekaWith()
  await using _ = await finding(eureka, `register: { host: 10.1.1.1, port: 8080${keys === '' ? '' : `, ${keys}`} }`)
  await check(await waitFor(() => eureka.registry.get(...id)), eureka)
  return eureka
}

behaviour('discovery.eureka.register.app', 'is the name under which the gateway is found, until it ends', async () => {
  const eureka = await registered('app: edge', ['edge', '10.1.1.1:edge:8080'], ({ app, vipAddress }) =>
    expect([app, vipAddress]).toEqual(['EDGE', 'edge']),
  )
  await waitFor(() => eureka.registry.get('edge', '10.1.1.1:edge:8080') === undefined)
  await registered('', ['octopus-gateway', '10.1.1.1:octopus-gateway:8080'], ({ status }) => expect(status).toBe('UP'))
})

const DEFAULT = ['octopus-gateway', '10.1.1.1:octopus-gateway:8080'] as const

behaviour('discovery.eureka.register.host', 'is where others reach the gateway', async () => {
  await registered('', DEFAULT, ({ hostName, ipAddr }) => expect([hostName, ipAddr]).toEqual(['10.1.1.1', '10.1.1.1']))
  expect((await refused(yamlOf('register: { port: 1 }'))).err).toMatch(/register\.host: is missing/)
})

behaviour('discovery.eureka.register.port', 'is where others reach the gateway', async () => {
  await registered('', DEFAULT, ({ port }) => expect(port).toEqual({ $: 8080, '@enabled': 'true' }))
})

behaviour('discovery.eureka.register.secure', 'says that the port speaks TLS', async () => {
  await registered('secure: true', DEFAULT, ({ port, securePort }) =>
    expect([port, securePort]).toEqual([
      { $: 8080, '@enabled': 'false' },
      { $: 8080, '@enabled': 'true' },
    ]),
  )
})

behaviour('discovery.eureka.register.instance_id', 'tells this gateway from others', async () => {
  await registered('instance_id: edge-7', ['octopus-gateway', 'edge-7'], ({ instanceId }) => expect(instanceId).toBe('edge-7'))
})

behaviour('discovery.eureka.register.metadata', 'is what others may read', async () => {
  await registered('metadata: { team: core }', DEFAULT, ({ metadata }) => expect(metadata).toEqual({ team: 'core' }))
})

behaviour('discovery.eureka.register.heartbeat', 'is how often the registration is renewed', async () => {
  await registered('heartbeat: 1s', DEFAULT, async ({ leaseInfo }, eureka) => {
    expect(leaseInfo).toMatchObject({ renewalIntervalInSecs: 1, durationInSecs: 3 })
    const before = eureka.registry.renewedAt(...DEFAULT)!
    await waitFor(() => eureka.registry.renewedAt(...DEFAULT)! > before)
  })
})
