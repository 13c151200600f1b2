import { ACCOUNT, OWNER, type KubernetesServer, type OpenKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CoreV1Api, DiscoveryV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { requireComponent } from '../../../tests/support/components.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { testCertificates, waitFor } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'

const kubectl = requireComponent('kubectl')

/** A kubeconfig for the namespace `shop`. */
export const configOf = (url: string, token: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'test',
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester', namespace: 'shop' } }],
  clusters: [
    { name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(testCertificates().ca).toString('base64') } },
  ],
  users: [{ name: 'tester', user: { token } }],
})

/** The official client. */
export function clientOf(url: string, token = OWNER): KubeConfig {
  const found = new KubeConfig()
  found.loadFromString(JSON.stringify(configOf(url, token)))
  return found
}

/** What the clients that others wrote see in an API server: in the stand-in the same as in a real one. */
export function testKubernetes(name: string, open: OpenKubernetes): void {
  describe(name, () => {
    let api: KubernetesServer
    beforeEach(async () => {
      api = await open()
      await api.addNamespace('shop')
      for (const one of ['users', 'orders', 'stock'])
        await api.putService({
          name: one,
          namespace: 'shop',
          labels: { app: one, tier: one === 'stock' ? 'back' : 'front' },
          endpoints: [{ addresses: ['10.0.0.1'] }],
        })
    })
    afterEach(() => api[Symbol.asyncDispose]())

    describe('to the official client for Node', () => {
      test('lists by selector and in pages, reads, writes and deletes', async () => {
        const core = clientOf(api.url).makeApiClient(CoreV1Api)
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

      test('an informer lists, watches and sees additions, changes and removals', async () => {
        const kubeConfig = clientOf(api.url)
        const discovery = kubeConfig.makeApiClient(DiscoveryV1Api)
        const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'
        const informer = makeInformer(kubeConfig, path, () => discovery.listNamespacedEndpointSlice({ namespace: 'shop' }))
        const seen: string[] = []
        for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, ({ metadata }) => seen.push(`${verb} ${metadata?.name}`))
        informer.on('error', () => void informer.start())
        await informer.start()
        expect(seen.sort()).toEqual(['add orders-ipv4', 'add stock-ipv4', 'add users-ipv4'])
        await api.putService({ name: 'users', namespace: 'shop', endpoints: [{ addresses: ['10.0.0.2'] }] })
        await waitFor(() => seen.includes('update users-ipv4'))
        await api.delete({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'shop', name: 'stock-ipv4' })
        await waitFor(() => seen.includes('delete stock-ipv4'))
        await informer.stop()
      })

      test('a service account may do what its roles say', async () => {
        const core = clientOf(api.url, ACCOUNT).makeApiClient(CoreV1Api)
        const asked = (): Promise<unknown> => core.listNamespacedService({ namespace: 'shop' })
        await expect(asked()).rejects.toMatchObject({ code: 403 })
        const rbac = 'rbac.authorization.k8s.io'
        const rules = [{ apiGroups: [''], resources: ['services'], verbs: ['list'] }]
        await api.put({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name: 'reader', namespace: 'shop' }, rules })
        const subjects = [{ kind: 'ServiceAccount', name: 'octopus', namespace: 'default' }]
        const roleRef = { kind: 'Role', name: 'reader', apiGroup: rbac }
        await api.put({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name: 'reads', namespace: 'shop' }, roleRef, subjects })
        // A role counts a moment after it is written.
        await waitFor(async () => (await asked()) !== undefined)
        await expect(core.readNamespacedService({ namespace: 'shop', name: 'users' })).rejects.toMatchObject({ code: 403 })
        await expect(core.listServiceForAllNamespaces()).rejects.toMatchObject({ code: 403 })
        await expect(
          clientOf(api.url, 'unknown').makeApiClient(CoreV1Api).listNamespacedService({ namespace: 'shop' }),
        ).rejects.toMatchObject({ code: 401 })
      })
    })

    describe('to those who want metadata alone', () => {
      const formOf = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`
      const ONE = formOf('PartialObjectMetadata')
      const LIST = formOf('PartialObjectMetadataList')
      const COLLECTION = '/api/v1/namespaces/shop/services'

      /** The status, and the answer as far as it came: a watch until its time is over. */
      const ask = (path: string, accept: string): Promise<readonly [status: number, text: string]> =>
        new Promise((resolve, reject) => {
          const headers = { authorization: `Bearer ${OWNER}`, accept }
          const asking = request(`${api.url}${path}`, { ca: testCertificates().ca, headers }, (response) => {
            let text = ''
            response.setEncoding('utf8').on('data', (more: string) => (text += more))
            response.on('end', () => resolve([response.statusCode!, text]))
          })
          asking.on('error', reject)
          asking.end()
        })

      test('lists and objects have forms of their own', async () => {
        const [status, text] = await ask(COLLECTION, LIST)
        const list = JSON.parse(text) as { kind: string; items: { metadata: { name: string }; spec?: object }[] }
        expect([status, list.kind, list.items.map((one) => [one.metadata.name, one.spec])]).toEqual([
          200,
          'PartialObjectMetadataList',
          [
            ['orders', undefined],
            ['stock', undefined],
            ['users', undefined],
          ],
        ])
        expect(JSON.parse((await ask(`${COLLECTION}/users`, ONE))[1])).toMatchObject({
          kind: 'PartialObjectMetadata',
          metadata: { name: 'users' },
        })
        expect((await ask(COLLECTION, ONE))[0]).toBe(406)
        expect((await ask(`${COLLECTION}/users`, LIST))[0]).toBe(406)
        expect(JSON.parse((await ask('/api/v1/namespaces/shop/configmaps?labelSelector=nobody', LIST))[1])).toMatchObject({ items: null })
      })

      test('a watch tells of objects, and to whom offers the form of lists first, nothing', async () => {
        const watch = (accept: string): Promise<readonly [status: number, text: string]> =>
          ask(`${COLLECTION}?watch=1&timeoutSeconds=1`, accept)
        const [heard, silence] = await Promise.all([watch(ONE), watch([LIST, ONE].join())])
        const events = heard[1]
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { type: string; object: { kind: string } })
        expect(events.map(({ type, object }) => `${type} ${object.kind}`)).toEqual(Array(3).fill('ADDED PartialObjectMetadata'))
        expect(silence).toEqual([200, ''])
      })
    })

    describe.skipIf(kubectl === undefined)('to kubectl', () => {
      let folder: string
      beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'octopus-kubectl-'))))
      afterEach(() => rmSync(folder, { recursive: true }))

      function start(...args: readonly string[]): ChildProcess & { output: string } {
        const path = join(folder, 'config')
        writeFileSync(path, JSON.stringify(configOf(api.url, OWNER)))
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
          await api.putService({ name: 'later', namespace: 'shop', endpoints: [] })
          await waitFor(() => watching.output.includes('endpointslice.discovery.k8s.io/later-ipv4'))
        } finally {
          watching.kill()
        }
      })
    })
  })
}
