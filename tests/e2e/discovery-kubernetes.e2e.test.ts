import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { openapiOf, startFarpService, startKubernetes, type FarpService, type KubernetesApi } from '@octopus-gateway/testing'
import { Program, freePort, root, waitFor } from '../support/process.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { tmpdir } from 'node:os'

const BIN = join(root, 'node_modules/.bin/octopus')
const SLICE = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }

let folder: string
let api: KubernetesApi
let services: FarpService[]
let gateway: Program
let url: string

beforeAll(() => {
  assertBuilt('packages/cli')
  folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-kubernetes-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a cluster has of an instance: the slice with its pod. */
function putPod({ name, instanceId, port }: FarpService): void {
  api.put({
    ...SLICE,
    metadata: { name: instanceId, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: instanceId } }],
  })
}

const start = (name: string, path: string): Promise<FarpService> => startFarpService({ name, openapi: openapiOf(name, [`GET /${path}`]) })

beforeEach(async () => {
  api = await startKubernetes()
  services = await Promise.all([start('users', 'people'), start('users', 'people'), start('orders', 'open'), start('catalog', 'items')])
  for (const service of services) {
    const metadata = { name: service.name, labels: { 'app.kubernetes.io/part-of': 'octopus' }, annotations: { 'farp.enabled': 'true' } }
    api.put({ apiVersion: 'v1', kind: 'Service', metadata })
    putPod(service)
  }
  const access = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: api.url } }],
    users: [{ name: 'u', user: {} }],
  }
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(access))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  writeFileSync(
    join(folder, 'octopus.yaml'),
    `server: { http_port: ${port}, host: 127.0.0.1 }
admin: { enabled: false }
discovery:
  backend: kubernetes
  kubernetes: { kubeconfig: kubeconfig, namespace: default, label_selector: "app.kubernetes.io/part-of=octopus" }
farp: { enabled: true, watch_interval: 1s }
`,
  )
  gateway = new Program(BIN, ['--config', join(folder, 'octopus.yaml')])
  await gateway.printed('gateway started')
  await waitFor('routes of all services', async () =>
    (await Promise.all([status('/users/people'), status('/orders/open'), status('/catalog/items')])).every((one) => one === 200),
  )
})
afterEach(async () => {
  await gateway[Symbol.asyncDispose]()
  for (const service of services) await service[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

async function status(path: string): Promise<number> {
  const response = await fetch(url + path)
  await response.arrayBuffer()
  return response.status
}

/** Requests of four clients, one after the other each, while something happens: what was answered, by status. */
async function underLoad(path: string, run: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  const over = new AbortController()
  const clients = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) {
      const answered = await status(path).then(String, (error: Error) => error.message)
      counts[answered] = (counts[answered] ?? 0) + 1
      await sleep(2)
    }
  })
  await run()
  over.abort()
  await Promise.all(clients)
  return counts
}

test('the API server goes away under load and comes back with other contents: no request fails, and the new service is there', async () => {
  const counts = await underLoad('/users/people', async () => {
    await api.stop()
    await gateway.printed('discovery provider failed; its last instances are kept')
    services.push(await start('stock', 'levels'))
    const stock = services.at(-1)!
    api.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'stock', labels: { 'app.kubernetes.io/part-of': 'octopus' }, annotations: { 'farp.enabled': 'true' } },
    })
    putPod(stock)
    await sleep(1_000)
    await api.start()
    await gateway.printed('discovery provider is back')
    await waitFor('the new service', async () => (await status('/stock/levels')) === 200)
  })
  expect(Object.keys(counts)).toEqual(['200'])
  expect(counts['200']).toBeGreaterThan(100)
})

test('an instance is killed under load: no request fails, and with its endpoint it is out of rotation within a second', async () => {
  const [first, second] = services as [FarpService, FarpService]
  const counts = await underLoad('/users/people', async () => {
    await first.stop()
    await sleep(300)
    api.delete({ ...SLICE, name: first.instanceId })
    await sleep(1_000)
    await first.start()
    const [before, other] = [first.counts.operations, second.counts.operations]
    await sleep(500)
    // It would answer, and nobody asks.
    expect(first.counts.operations).toBe(before)
    expect(second.counts.operations).toBeGreaterThan(other)
    putPod(first)
    await waitFor('the instance, asked again', () => first.counts.operations > before)
  })
  expect(Object.keys(counts)).toEqual(['200'])
})
