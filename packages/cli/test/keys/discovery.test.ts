import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { behaviour } from './behaviour.ts'
import { expectRefused, namesAt, startTwo, TO_USERS } from './finding.ts'
import { discovered, discovery } from './yaml.ts'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { openapiOf, startFarpService, type FarpService } from '@octopus-gateway/testing'
import { refused, running, type Line, type Running } from './running.ts'

const [one, two] = await startTwo()
let farp: FarpService
beforeAll(async () => {
  farp = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']) })
})
afterAll(() => farp[Symbol.asyncDispose]())

/** A gateway whose only upstream is the service `users`. */
const finding = (...services: readonly string[]): Promise<Running> => running(discovery(...services) + TO_USERS)

const instances = async (gateway: Running): Promise<readonly Line[]> => (await gateway.view('/_/services')).services[0]!.instances

behaviour('discovery.backend', 'static finds the services of the file', async () => {
  await using gateway = await finding(discovered('users', one.port))
  expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  const providers = (await (await fetch(`${gateway.admin}/_/services`)).json()) as { readonly providers: readonly Line[] }
  expect(providers.providers).toMatchObject([{ name: 'static', state: 'synced', instances: 1 }])
})

test('DISCOVERY_BACKEND in the environment wins over the file', async () => {
  const yaml = discovery(discovered('users', one.port)) + TO_USERS
  const { code, err } = await refused(yaml, { env: { DISCOVERY_BACKEND: 'nowhere' } })
  expect([code, err]).toEqual([
    78,
    expect.stringMatching(/^the environment variable DISCOVERY_BACKEND.*: discovery\.backend: must be one of/),
  ])
  await using gateway = await running(yaml.replace('backend: static', 'backend: consul'), { env: { DISCOVERY_BACKEND: 'static' } })
  expect(await gateway.json('/')).toMatchObject({ name: 'one' })
})

behaviour('discovery.static.services[].name', 'is what upstreams and the admin API call it', async () => {
  await using gateway = await finding(discovered('others', two.port), discovered('users', one.port))
  for (let i = 0; i < 3; i++) expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  expect((await gateway.view('/_/services')).services.map(({ name }) => name)).toEqual(['others', 'users'])
})

behaviour('discovery.static.services[].address', 'is where an instance is reached', async () => {
  await using gateway = await finding(discovered('users', one.port).replace('127.0.0.1', 'localhost'))
  await gateway.status('/')
  expect(one.requests.at(-1)?.header('host')).toBe(`localhost:${one.port}`)
  await using elsewhere = await finding(discovered('users', one.port).replace('127.0.0.1', '127.0.0.77'))
  expect(await elsewhere.status('/')).toBe(502)
})

behaviour('discovery.static.services[].port', 'is where an instance is reached', async () => {
  await using gateway = await finding(discovered('users', two.port))
  expect(await gateway.json('/')).toMatchObject({ name: 'two' })
})

behaviour('discovery.static.services[].weight', 'shares the traffic, evenly by default, and 0 gets none', async () => {
  const shares = async (weight: string): Promise<number[]> => {
    await using gateway = await finding(discovered('users', one.port, weight), discovered('users', two.port))
    const before = [one.count, two.count] as const
    for (let i = 0; i < 8; i++) await gateway.status('/')
    return [one.count - before[0], two.count - before[1]]
  }
  expect([await shares(''), await shares('weight: 3'), await shares('weight: 0')]).toEqual([
    [4, 4],
    [6, 2],
    [0, 8],
  ])
})

behaviour('discovery.static.services[].weight', 'shares the traffic of FARP routes too', async () => {
  await using light = await startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']) })
  await using gateway = await running(discovery(discovered('users', farp.port, 'weight: 3'), discovered('users', light.port)))
  const before = farp.counts.operations
  for (let i = 0; i < 8; i++) expect(await gateway.status('/users/people')).toBe(200)
  expect([farp.counts.operations - before, light.counts.operations]).toEqual([6, 2])
})

behaviour('discovery.static.services[].zone', 'is told by the admin API', async () => {
  await using gateway = await finding(discovered('users', one.port, 'zone: eu-1'))
  expect(await instances(gateway)).toMatchObject([{ zone: 'eu-1' }])
  expect((await gateway.view('/_/upstreams')).upstreams[0]!.endpoints).toMatchObject([{ zone: 'eu-1' }])
})

behaviour('discovery.static.services[].version', 'is told by the admin API', async () => {
  await using gateway = await finding(discovered('users', one.port, 'version: 1.10'))
  expect(await instances(gateway)).toMatchObject([{ version: '1.10' }])
  expect((await gateway.view('/_/upstreams')).upstreams[0]!.endpoints).toMatchObject([{ labels: { version: '1.10' } }])
})

behaviour('discovery.static.services[].metadata', 'farp.manifest says where the manifest is', async () => {
  // It serves no manifest of its own; another one has it.
  const manifest = `metadata: { farp.manifest: "${farp.manifestUrl}", team: core }`
  await using plain = await startFarpService({ name: 'users', manifestStatus: 404, openapi: openapiOf('Users', ['GET /people']) })
  await using gateway = await running(discovery(discovered('users', plain.port, manifest)))
  expect(await gateway.status('/users/people')).toBe(200)
  expect(plain.counts.operations).toBe(1)
  expect(await instances(gateway)).toMatchObject([{ metadata: { team: 'core' }, manifest: { url: farp.manifestUrl } }])
  await using silent = await running(discovery(discovered('users', plain.port)))
  expect(await silent.status('/users/people')).toBe(404)
})

async function servicesFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-keys-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'services.yaml')
  await writeFile(path, text)
  return path
}

behaviour('discovery.file.path', 'is a file whose services are found, and found anew when it is written', async () => {
  const path = await servicesFile(`- { name: users, address: 127.0.0.1, port: ${one.port} }\n`)
  await using gateway = await running(`discovery: { backend: file, file: { path: ${path} } }\n` + TO_USERS)
  expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  await writeFile(path, `- { name: users, address: 127.0.0.1, port: ${two.port} }\n`)
  await vi.waitFor(async () => expect(await gateway.json('/')).toMatchObject({ name: 'two' }), { timeout: 5_000 })
})

behaviour('discovery.backends[]', 'finds the services of all of them', async () => {
  const path = await servicesFile(`- { name: users, address: 127.0.0.1, port: ${two.port} }\n`)
  const yaml = `discovery: { backends: [static, file], file: { path: ${path} }, static: { services: [${discovered('users', one.port)}] } }\n`
  await using gateway = await running(yaml + TO_USERS)
  expect(await namesAt(gateway)).toEqual(['one', 'two'])
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
  expect(metrics).toContain('octopus_discovery_up{provider="file"} 1')
  expect(metrics).toContain('octopus_discovery_instances{provider="static"} 1')
})

test('one of backend and backends is needed, each backend once, and a block where the backend cannot do without', async () => {
  await expectRefused(
    (yaml) => yaml,
    [
      ['discovery: {}\n', /discovery\.backend: is missing/],
      ['discovery: { backend: static, backends: [static] }\n', /discovery\.backends: cannot be given beside "backend"/],
      ['discovery: { backends: [static, static] }\n', /discovery\.backends\[1\]: names static a second time/],
      ['discovery: { backend: file }\n', /discovery\.file: is missing/],
    ],
  )
})
