import { expect, onTestFinished } from 'vitest'
import { behaviour } from './behaviour.ts'
import { closedPort, startEureka, waitFor, type Eureka, type Service } from '@octopus-gateway/testing'
import { expectRefused, namesAt, problemWith, startTwo, TO_USERS } from './finding.ts'
import { running, type Running } from './running.ts'

const [one, two] = await startTwo()

async function eurekaWith(options: Parameters<typeof startEureka>[0] = {}): Promise<Eureka> {
  const eureka = await startEureka(options)
  onTestFinished(() => eureka[Symbol.asyncDispose]())
  put(eureka, one)
  return eureka
}

const put = (eureka: Eureka, { name, port }: Service, metadata: Readonly<Record<string, string>> = {}): void =>
  eureka.registry.register({ app: 'users', instanceId: name, hostName: '127.0.0.1', port, metadata })

const yamlOf = (keys: string): string => `discovery: { backend: eureka, eureka: { ${keys} } }\n${TO_USERS}`

const finding = (eureka: Eureka, keys = ''): Promise<Running> =>
  running(yamlOf(`servers: ["${eureka.url}"], interval: 1s${keys === '' ? '' : `, ${keys}`}`))

behaviour('discovery.eureka.servers[]', 'are asked until one answers', async () => {
  const eureka = await eurekaWith()
  await using gateway = await running(yamlOf(`servers: ["http://127.0.0.1:${await closedPort()}/eureka", "${eureka.url}"]`))
  expect(await namesAt(gateway)).toEqual(['one'])
  await expectRefused(yamlOf, [
    ['servers: ["http://ann:hunter2@127.0.0.1/eureka"]', /servers\[0\]: must not hold a user name or a password/],
    ['servers: ["127.0.0.1:8761"]', /servers\[0\]: must be an address such as http:/],
  ])
})

behaviour('discovery.eureka.interval', 'is how often changes are asked for', async () => {
  const eureka = await eurekaWith()
  await using gateway = await finding(eureka)
  await using slow = await running(yamlOf(`servers: ["${eureka.url}"], interval: 1h`))
  put(eureka, two)
  await waitFor(async () => expect(await namesAt(gateway)).toEqual(['one', 'two']))
  expect(await namesAt(slow)).toEqual(['one'])
})

behaviour('discovery.eureka.zone', 'is the zone whose instances come first', async () => {
  const eureka = await eurekaWith()
  put(eureka, one, { zone: 'a' })
  put(eureka, two, { zone: 'b' })
  await using near = await finding(eureka, 'zone: b')
  expect(await namesAt(near)).toEqual(['two'])
  await using all = await finding(eureka)
  expect(await namesAt(all)).toEqual(['one', 'two'])
})

const problem = (eureka: Eureka, keys: string): Promise<string> => problemWith(yamlOf(`servers: ["${eureka.url}"], ${keys}`))

behaviour('discovery.eureka.username', 'is who asks', async () => {
  const eureka = await eurekaWith({ username: 'ann', password: 'pw' })
  await using gateway = await finding(eureka, 'username: ann, password: pw')
  expect(await namesAt(gateway)).toEqual(['one'])
  expect(await problem(eureka, 'username: bob, password: pw')).toMatch(/answered 401 .*check username and password/)
})

behaviour('discovery.eureka.password', 'is never shown', async () => {
  const eureka = await eurekaWith({ username: 'ann', password: 'pw' })
  expect(await problem(eureka, 'username: ann, password: hunter2')).toMatch(/answered 401/)
  await expectRefused(yamlOf, [['username: ann, password: [hunter2]', /discovery\.eureka\.password: must be a password/]])
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
  await expectRefused(yamlOf, [['register: { port: 1 }', /register\.host: is missing/]])
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
