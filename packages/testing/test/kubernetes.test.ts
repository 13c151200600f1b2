import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CoreV1Api, DiscoveryV1Api, KubeConfig, makeInformer, Watch } from '@kubernetes/client-node'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireComponent } from '../../../tests/support/components.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { startKubernetes, testCertificates, waitFor, type KubernetesApi } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'

let api: KubernetesApi
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octopus-kubernetes-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(async () => {
  const { server } = testCertificates()
  api = await startKubernetes({ tls: server, tokens: { secret: 'tester', limited: 'system:serviceaccount:shop:octopus' } })
  api.addNamespace('shop')
  for (const name of ['users', 'orders', 'stock'])
    api.putService({
      name,
      namespace: 'shop',
      labels: { app: name, tier: name === 'stock' ? 'back' : 'front' },
      endpoints: [{ addresses: ['10.0.0.1'] }],
    })
})
afterEach(() => api[Symbol.asyncDispose]())

const config = (token: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'test',
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester', namespace: 'shop' } }],
  clusters: [
    { name: 'test', cluster: { server: api.url, 'certificate-authority-data': Buffer.from(testCertificates().ca).toString('base64') } },
  ],
  users: [{ name: 'tester', user: { token } }],
})

describe('the stand-in of the Kubernetes API, to the official client for Node', () => {
  function client(token = 'secret'): KubeConfig {
    const found = new KubeConfig()
    found.loadFromString(JSON.stringify(config(token)))
    return found
  }

  test('lists by selector and in pages, reads, writes and deletes', async () => {
    const core = client().makeApiClient(CoreV1Api)
    const names = async (labelSelector: string): Promise<(string | undefined)[]> =>
      (await core.listNamespacedService({ namespace: 'shop', labelSelector })).items.map(({ metadata }) => metadata?.name)
    expect(await names('tier=front')).toEqual(['orders', 'users'])
    expect(await names('tier!=front,app in (stock, users)')).toEqual(['stock'])
    expect(await names('tier,!nothing,app notin (orders)')).toEqual(['stock', 'users'])
    const first = await core.listNamespacedService({ namespace: 'shop', limit: 2 })
    expect(first.metadata).toMatchObject({ remainingItemCount: 1 })
    // What is written between two pages is not on the second: both are of one revision.
    await core.createNamespacedService({ namespace: 'shop', body: { metadata: { name: 'zebra' }, spec: { ports: [{ port: 80 }] } } })
    const second = await core.listNamespacedService({ namespace: 'shop', limit: 2, _continue: first.metadata!._continue! })
    expect(second.items.map(({ metadata }) => metadata?.name)).toEqual(['users'])
    expect(second.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion)
    const read = await core.readNamespacedService({ namespace: 'shop', name: 'zebra' })
    expect(read.metadata).toMatchObject({ namespace: 'shop', uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
    await core.deleteNamespacedService({ namespace: 'shop', name: 'zebra' })
    await expect(core.readNamespacedService({ namespace: 'shop', name: 'zebra' })).rejects.toMatchObject({ code: 404 })
  })

  test('an informer lists, watches and sees additions, changes and removals, also over an end of its watch and a compaction', async () => {
    const kubeConfig = client()
    const discovery = kubeConfig.makeApiClient(DiscoveryV1Api)
    const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'
    const informer = makeInformer(kubeConfig, path, () => discovery.listNamespacedEndpointSlice({ namespace: 'shop' }))
    const seen: string[] = []
    for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, ({ metadata }) => seen.push(`${verb} ${metadata?.name}`))
    informer.on('error', () => void informer.start())
    await informer.start()
    expect(seen.sort()).toEqual(['add orders-ipv4', 'add stock-ipv4', 'add users-ipv4'])
    api.putService({ name: 'users', namespace: 'shop', endpoints: [{ addresses: ['10.0.0.2'] }] })
    await waitFor(() => seen.includes('update users-ipv4'))
    api.endWatches()
    api.deleteService('stock', 'shop')
    await waitFor(() => seen.includes('delete stock-ipv4'))
    api.compact()
    api.putService({ name: 'new', namespace: 'shop', endpoints: [{ addresses: ['10.0.0.3'] }] })
    await waitFor(() => seen.includes('add new-ipv4'))
    await informer.stop()
  })

  test('a watch from a revision tells what has happened since, bookmarks what it may forget, and 410 what is forgotten', async () => {
    const kubeConfig = client()
    const { metadata } = await kubeConfig.makeApiClient(CoreV1Api).listNamespacedService({ namespace: 'shop' })
    const resourceVersion = metadata!.resourceVersion!
    api.putService({ name: 'users', namespace: 'shop', labels: { tier: 'back' }, endpoints: [] })
    const events: string[] = []
    const watching = (query: object): Promise<AbortController> =>
      new Watch(kubeConfig).watch(
        '/api/v1/namespaces/shop/services',
        { resourceVersion, ...query },
        (phase, object: { readonly metadata: { readonly name?: string }; readonly code?: number }) =>
          events.push(`${phase} ${object.metadata.name ?? object.code ?? ''}`),
        () => {},
      )
    const first = await watching({ labelSelector: 'tier=front', allowWatchBookmarks: true })
    // It is selected no longer: to this watch it is gone.
    await waitFor(() => events.includes('DELETED users'))
    api.bookmark()
    await waitFor(() => events.includes('BOOKMARK '))
    api.compact()
    await waitFor(() => events.includes('ERROR 410'))
    first.abort()
    events.length = 0
    const second = await watching({})
    await waitFor(() => events.includes('ERROR 410'))
    second.abort()
  })

  test('a service account may do what its roles say', async () => {
    const core = client('limited').makeApiClient(CoreV1Api)
    const asked = (): Promise<unknown> => core.listNamespacedService({ namespace: 'shop' })
    await expect(asked()).rejects.toMatchObject({ code: 403 })
    const rbac = 'rbac.authorization.k8s.io/v1'
    const rules = [{ apiGroups: [''], resources: ['services'], verbs: ['list'] }]
    api.put({ apiVersion: rbac, kind: 'Role', metadata: { name: 'reader', namespace: 'shop' }, rules })
    const subjects = [{ kind: 'ServiceAccount', name: 'octopus', namespace: 'shop' }]
    const roleRef = { kind: 'Role', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }
    api.put({ apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'reads', namespace: 'shop' }, roleRef, subjects })
    await expect(asked()).resolves.toBeDefined()
    await expect(core.readNamespacedService({ namespace: 'shop', name: 'users' })).rejects.toMatchObject({ code: 403 })
    await expect(core.listServiceForAllNamespaces()).rejects.toMatchObject({ code: 403 })
    await expect(client('unknown').makeApiClient(CoreV1Api).listNamespacedService({ namespace: 'shop' })).rejects.toMatchObject({
      code: 401,
    })
  })
})

const kubectl = requireComponent('kubectl')

describe.skipIf(kubectl === undefined)('the stand-in of the Kubernetes API, to kubectl', () => {
  function start(...args: readonly string[]): ChildProcess & { output: string } {
    const path = join(folder, 'config')
    writeFileSync(path, JSON.stringify(config('secret')))
    const child = spawn(kubectl!, ['--kubeconfig', path, '--cache-dir', join(folder, 'cache'), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const found = Object.assign(child, { output: '' })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (found.output += text))
    return found
  }

  async function run(args: readonly string[], input = ''): Promise<string> {
    const child = start(...args)
    child.stdin!.end(input)
    await new Promise((resolve) => child.on('close', resolve))
    return child.output
  }

  test('get, create, patch and delete', async () => {
    expect((await run(['get', 'services', '-o', 'name', '-l', 'tier=front', '--chunk-size=1'])).trim().split('\n')).toEqual([
      'service/orders',
      'service/users',
    ])
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p1' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    expect(await run(['create', '--validate=false', '-f', '-'], JSON.stringify(pod))).toContain('pod/p1 created')
    expect(await run(['annotate', 'pod', 'p1', 'farp.enabled=true'])).toContain('pod/p1 annotated')
    expect(await run(['get', 'pod', 'p1', '-o', 'jsonpath={.metadata.annotations}'])).toBe('{"farp.enabled":"true"}')
    expect(await run(['delete', 'pod', 'p1', '--wait=false'])).toContain('pod "p1" deleted')
    expect(await run(['get', 'pod', 'p1'])).toContain('NotFound')
  })

  test('get --watch', async () => {
    const watching = start('get', 'endpointslices', '--watch', '-o', 'name')
    try {
      await waitFor(() => watching.output.includes('endpointslice.discovery.k8s.io/users-ipv4'))
      api.putService({ name: 'later', namespace: 'shop', endpoints: [] })
      await waitFor(() => watching.output.includes('endpointslice.discovery.k8s.io/later-ipv4'))
    } finally {
      watching.kill()
    }
  })
})
