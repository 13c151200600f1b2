import { afterAll } from 'vitest'
import { closedPort, waitFor, type EurekaInstance, type EurekaPort } from '@octopus-gateway/testing'
import { Program } from '../../support/process.ts'
import { programUnderTest } from './program.ts'
import { Relay } from '../../support/relay.ts'
import type { EurekaServer, EurekaServerOptions } from '../../support/registries/eureka.ts'

interface Running {
  readonly program: Program
  readonly port: number
  /** Asks the server itself, not through a door. */
  ask(method: string, path: string, body?: object): Promise<Response>
}

/** A server takes long to start, so tests with the same users share one: each begins with an empty registry. */
const running = new Map<string, Promise<Running>>()
afterAll(async () => {
  for (const one of running.values()) await (await one).program[Symbol.asyncDispose]()
})

/** How a client finds what has changed at once, and a test nothing of the one before. */
const QUICK = [
  '--eureka.client.register-with-eureka=false',
  '--eureka.client.fetch-registry=false',
  '--eureka.server.wait-time-in-ms-when-sync-empty=0',
  '--eureka.server.enable-self-preservation=false',
  '--eureka.server.use-read-only-response-cache=false',
  // An answer that is made while instances register may lack one of them, and stays: three minutes by default, or until the next change.
  '--eureka.server.response-cache-auto-expiration-in-seconds=1',
]

async function start({ username, password }: EurekaServerOptions): Promise<Running> {
  const port = await closedPort()
  const users = username === undefined ? [] : [`--spring.security.user.name=${username}`, `--spring.security.user.password=${password}`]
  const place = [`--server.port=${port}`, '--server.address=127.0.0.1']
  const program = new Program('java', ['-XX:TieredStopAtLevel=1', '-jar', programUnderTest(), ...place, ...QUICK, ...users])
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const headers = { accept: 'application/json', 'content-type': 'application/json', ...(username === undefined ? {} : { authorization }) }
  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/eureka${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const isReady = async (): Promise<boolean> => {
    if (program.hasExited) throw new Error(`Eureka has ended:\n${program.output}`)
    return (await ask('GET', '/apps')).ok
  }
  await waitFor(isReady, { timeout: 110_000, every: 200, what: 'Eureka' })
  return { program, port, ask }
}

/** A real server. Tests reach it through a door that can be shut. */
export async function realEureka(options: EurekaServerOptions = {}): Promise<EurekaServer> {
  const key = JSON.stringify(options)
  if (!running.has(key)) running.set(key, start(options))
  const { port, ask } = await running.get(key)!

  async function done(method: string, path: string, body?: object): Promise<void> {
    const response = await ask(method, path, body)
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }

  const pathOf = (app: string, id: string): string => `/apps/${encodeURIComponent(app.toUpperCase())}/${encodeURIComponent(id)}`
  async function clear(): Promise<void> {
    const { applications } = (await (await ask('GET', '/apps')).json()) as {
      readonly applications: { readonly application: readonly { readonly instance: readonly EurekaInstance[] }[] }
    }
    for (const { app, instanceId } of applications.application.flatMap(({ instance }) => instance))
      await done('DELETE', pathOf(app, instanceId))
  }

  // What the clients of the last test had under way may have come late.
  await clear()
  const relay = await Relay.to(port)
  return {
    port: relay.port,
    url: `http://127.0.0.1:${relay.port}/eureka`,
    get open() {
      return relay.connections
    },
    register: (instance) => done('POST', `/apps/${instance.app.toUpperCase()}`, { instance: completed(instance) }),
    cancel: (app, id) => done('DELETE', pathOf(app, id)),
    override: (app, id, status) => done('PUT', `${pathOf(app, id)}/status?value=${status}`),
    async get(app, id) {
      const response = await ask('GET', pathOf(app, id))
      return response.status === 404 ? undefined : ((await response.json()) as { readonly instance: EurekaInstance }).instance
    },
    stop: () => relay.shut(),
    start: () => relay.open(),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]()
      await clear()
    },
  }
}

/** What a client of Eureka adds by itself. */
function completed({ port, dataCenterInfo, ...instance }: Parameters<EurekaServer['register']>[0]): object {
  const plain: EurekaPort | undefined = typeof port === 'number' ? { $: port, '@enabled': 'true' } : port
  const place = { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', ...(dataCenterInfo ?? { name: 'MyOwn' }) }
  return {
    ipAddr: instance.hostName,
    vipAddress: instance.app,
    status: 'UP',
    ...instance,
    app: instance.app.toUpperCase(),
    port: plain,
    dataCenterInfo: place,
  }
}
