import { afterEach, beforeEach, expect, test } from 'vitest'
import { behaviour } from './behaviour.ts'
import { expectRefused, startTwo } from './finding.ts'
import { running, type Running } from './running.ts'
import { startKubernetes, waitFor, type KubernetesApi, type Service } from '@octopus-gateway/testing'

const [one, two] = await startTwo()

let api: KubernetesApi
beforeEach(async () => {
  api = await startKubernetes()
  api.addNamespace('shop')
})
afterEach(() => api[Symbol.asyncDispose]())

const endpoint = { addresses: ['127.0.0.1'] }

/** Users in a namespace, at the port of a service. */
function put(namespace: string, { port }: Service, more: object = {}): void {
  api.putService({ name: 'users', namespace, ports: [{ name: 'http', port }], endpoints: [endpoint], ...more })
}

const kubeconfig = (namespace = 'default'): string =>
  JSON.stringify({
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester', namespace } }],
    clusters: [{ name: 'test', cluster: { server: api.url } }],
    users: [{ name: 'tester', user: {} }],
  })

/** A gateway whose only upstream is a service of the cluster. */
const finding = (keys: string, service = 'users'): Promise<Running> =>
  running(
    `discovery: { backend: kubernetes, kubernetes: { kubeconfig: config.json${keys === '' ? '' : `, ${keys}`} } }\nfarp: { enabled: false }\n` +
      `upstreams: [{ name: up, service: ${service} }]\nroutes: [{ path: /*, upstream: up, retries: 0 }]\n`,
    { files: { 'config.json': kubeconfig() } },
  )

behaviour('discovery.kubernetes.kubeconfig', 'is the file with the access to the cluster, beside the configuration', async () => {
  put('default', one)
  await using gateway = await finding('')
  expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  put('default', two)
  await waitFor(async () => ((await gateway.json('/')) as { readonly name: string }).name === 'two')
})

behaviour('discovery.kubernetes.namespace', 'is one, several, or all; by default that of the context', async () => {
  put('default', one)
  put('shop', two)
  for (const [keys, service, name] of [
    ['', 'users', 'one'],
    ['namespace: shop', 'users', 'two'],
    ['namespace: [shop, default]', 'users.shop', 'two'],
    ['namespace: "*"', 'users.default', 'one'],
  ] as const) {
    await using gateway = await finding(keys, service)
    expect(await gateway.json('/'), keys).toMatchObject({ name })
  }
  const problem = /discovery\.kubernetes\.namespace: must be the name of a namespace/
  await expectRefused(
    (wrong) => `discovery: { backend: kubernetes, kubernetes: { namespace: ${wrong} } }\n`,
    ['Shop', '[]', '[shop, "*"]', '"shop/x"'].map((wrong) => [wrong, problem]),
  )
})

behaviour('discovery.kubernetes.label_selector', 'says which Services take part', async () => {
  put('default', one, { labels: { 'app.kubernetes.io/part-of': 'octopus' } })
  api.putService({ name: 'other', endpoints: [endpoint] })
  const names = async (keys: string): Promise<unknown> => {
    await using gateway = await finding(keys)
    return (await gateway.view('/_/services')).services.map(({ name }) => name)
  }
  expect(await names('')).toEqual(['other', 'users'])
  expect(await names('label_selector: "app.kubernetes.io/part-of=octopus"')).toEqual(['users'])
})

behaviour('discovery.kubernetes.port_name', 'is the name of the port that is used', async () => {
  const ports = [
    { name: 'http', port: one.port },
    { name: 'internal', port: two.port },
  ]
  put('default', one, { ports })
  await using gateway = await finding('')
  expect(await gateway.json('/')).toMatchObject({ name: 'one' })
  await using named = await finding('port_name: internal')
  expect(await named.json('/')).toMatchObject({ name: 'two' })
})

behaviour('discovery.kubernetes.include_not_ready', 'gives traffic to endpoints that are not ready', async () => {
  put('default', one, { endpoints: [{ ...endpoint, conditions: { ready: false } }] })
  await using gateway = await finding('')
  expect(await gateway.status('/')).toBe(503)
  await using including = await finding('include_not_ready: true')
  expect(await including.status('/')).toBe(200)
})

test('DISCOVERY_BACKEND=kubernetes outside a cluster starts, is not ready, and says why', async () => {
  await using gateway = await running('admin: { enabled: false }\ndiscovery: { backend: static }\n', {
    env: { DISCOVERY_BACKEND: 'kubernetes' },
  })
  await gateway.cli.seen(/This is no pod of a Kubernetes cluster/)
  expect(await gateway.status('/readyz')).toBe(503)
})
