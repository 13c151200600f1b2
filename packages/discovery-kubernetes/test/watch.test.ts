import { cluster, lines, watching } from './cluster.ts'
import { createServer, type ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errorOf, type Line } from '../../../tests/support/finding.ts'
import { once } from 'node:events'
import { waitFor, type KubernetesApi, type KubernetesService } from '@octopus-gateway/testing'
import { writeKubeconfig } from '../../../tests/support/registries/kubernetes.ts'
import type { AddressInfo } from 'node:net'
import type { Gateway } from '@octopus-gateway/core'

const service = (name: string, address = '10.0.0.1'): KubernetesService => ({ name, endpoints: [{ addresses: [address] }] })

const count = ({ requests }: KubernetesApi, verb: string, resource = ''): number =>
  requests.filter((one) => one.verb === verb && one.path.endsWith(resource)).length

/** Watches are open on all that is watched. */
const isWatching = (api: KubernetesApi): Promise<boolean> => waitFor(() => count(api, 'watch') >= 3)

/** The state stays synced while something happens, and at its end. */
async function unharmed(gateway: Gateway, run: () => Promise<unknown>): Promise<void> {
  await gateway.synced
  const states = new Set<string>()
  const looking = setInterval(() => states.add(gateway.providers[0]!.state), 1)
  await run()
  clearInterval(looking)
  expect([...states]).toEqual(['synced'])
}

describe('the set', () => {
  test('is kept through a history that is gone (410), and nothing is missed or kept by that', async () => {
    const { api, kubeconfig } = await cluster()
    api.putService(service('users'))
    api.putService(service('orders', '10.0.0.2'))
    const gateway = watching({ kubeconfig })
    await isWatching(api)
    await unharmed(gateway, async () => {
      const lists = count(api, 'list')
      // While no watch is open, one goes, one comes, and the history of it is forgotten.
      api.endWatches()
      api.deleteService('orders')
      api.putService(service('stock', '10.0.0.3'))
      api.compact()
      await waitFor(() => lines(gateway).join() === 'stock 10.0.0.3:8080,users 10.0.0.1:8080')
      expect(count(api, 'list')).toBeGreaterThan(lists)
      // And while it is open.
      await waitFor(() => count(api, 'watch') >= 6)
      api.compact()
      api.putService(service('later', '10.0.0.4'))
      await waitFor(() => gateway.services.length === 3)
    })
  })

  test('is kept where watches are refused as their history is gone (410, at their head)', async () => {
    const { api, kubeconfig } = await cluster()
    api.putService(service('users'))
    api.putService(service('orders', '10.0.0.2'))
    const gateway = watching({ kubeconfig })
    await isWatching(api)
    await unharmed(gateway, async () => {
      const gaps: string[][] = []
      const looking = setInterval(() => {
        const names = gateway.services.map((one) => one.service)
        if (!names.includes('users')) gaps.push(names)
      }, 1)
      api.fail('watch', 410, 3)
      api.endWatches()
      api.deleteService('orders')
      api.putService(service('stock', '10.0.0.3'))
      await waitFor(() => lines(gateway).join() === 'stock 10.0.0.3:8080,users 10.0.0.1:8080')
      await waitFor(() => count(api, 'list') === 6 && count(api, 'watch') === 9)
      api.putService(service('later', '10.0.0.4'))
      await waitFor(() => gateway.services.length === 3)
      clearInterval(looking)
      expect(gaps).toEqual([])
    })
    expect(api.requests.filter(({ verb, status }) => verb === 'watch' && status === 410)).toHaveLength(3)
  })

  test('is kept while connections break and are made anew', async () => {
    const { api, kubeconfig } = await cluster()
    api.putService(service('users'))
    const gateway = watching({ kubeconfig })
    await isWatching(api)
    await unharmed(gateway, async () => {
      await api.stop()
      await api.start()
      api.putService(service('orders'))
      await waitFor(() => gateway.services.length === 2)
    })
    expect(count(api, 'list')).toBe(3)
  })

  test('a burst is few sets: forty pods that start, each a change of one slice', async () => {
    const { api, kubeconfig } = await cluster()
    api.putService(service('users'))
    const gateway = watching({ kubeconfig })
    await gateway.synced
    await isWatching(api)
    const sets = new Set<unknown>()
    const looking = setInterval(() => sets.add(gateway.services), 1)
    for (let i = 1; i <= 40; i++) {
      const endpoints = Array.from({ length: i }, (_, number) => ({ addresses: [`10.0.1.${number}`] }))
      api.putService({ name: 'users', endpoints })
    }
    await waitFor(() => gateway.services.length === 40)
    clearInterval(looking)
    expect(sets.size).toBeLessThanOrEqual(3)
  })
})

describe('a watch that cannot be followed', () => {
  /** A server with the Service `users`. Its first watch of Services is answered by `say`; a second list of them waits until `goOn`, with another address. */
  async function telling(say: (watch: ServerResponse) => void): Promise<Telling> {
    const lists = { services: 0, endpointslices: 0, pods: 0 }
    let goOn = (): void => {}
    const goneOn = new Promise<void>((resolve) => (goOn = resolve))
    const server = createServer(({ url = '' }, response) => {
      const kind = /\w+(?=\?)/.exec(url)![0] as keyof typeof lists
      if (url.includes('watch=true')) {
        response.flushHeaders()
        if (kind === 'services' && lists.services === 1) say(response)
        return
      }
      const round = (lists[kind] += 1)
      const metadata = { name: 'users', namespace: 'default', labels: { 'kubernetes.io/service-name': 'users' } }
      const slice = { addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }], endpoints: [{ addresses: [`10.0.0.${round}`] }] }
      const items = { services: [{ metadata }], endpointslices: [{ metadata, ...slice }], pods: [] }[kind]
      const answer = (): void => void response.end(JSON.stringify({ items, metadata: { resourceVersion: '1' } }))
      if (kind === 'services' && round === 2) void goneOn.then(answer)
      else answer()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const file = await writeKubeconfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await file[Symbol.asyncDispose]()
    })
    return { kubeconfig: file.path, lists, goOn }
  }

  interface Telling {
    readonly kubeconfig: string
    /** How often each kind was listed. */
    readonly lists: Readonly<Record<string, number>>
    goOn(): void
  }

  test.each<[string, (watch: ServerResponse) => void, RegExp]>([
    [
      'another error than 410',
      (watch) => watch.write('{"type":"ERROR","object":{"code":500,"message":"compacted"}}\n'),
      /has ended the watch of \S+services: compacted\.$/,
    ],
    ['a line of 5 MB', (watch) => watch.write('x'.repeat(5 * 1024 * 1024)), /answers with a line of more than 4194304 bytes\.$/],
    ['a line that is no JSON', (watch) => watch.write('{"type":\n'), /answered GET \S+services with something that is not JSON/],
    ['half a line at its end, again and again', (watch) => watch.end('{"type":'), /has ended its answer in the middle of a line\.$/],
    ['half a line, and breaks, again and again', (watch) => watch.write('{"type":', () => watch.destroy()), /cannot be reached/],
  ])('is an outage, and the next start lists anew: %s', async (_, say, reason) => {
    const log: Line[] = []
    const server = await telling(say)
    const gateway = watching({ kubeconfig: server.kubeconfig }, log)
    expect(await errorOf(gateway)).toMatch(reason)
    expect(gateway.providers[0]).toMatchObject({ state: 'failing', instances: 1 })
    expect(log.find(({ level }) => level === 'warn')?.fields).toMatchObject({ reason: expect.stringMatching(reason) })
    server.goOn()
    await waitFor(() => lines(gateway).join() === 'users 10.0.0.2:8080')
    expect(server.lists).toEqual({ services: 2, endpointslices: 2, pods: 2 })
    expect(gateway.providers[0]!.state).toBe('synced')
  })
})

describe('failures say what to do', () => {
  test('a namespace that does not exist, and is found once it does', async () => {
    const { api, kubeconfig } = await cluster()
    const gateway = watching({ kubeconfig, namespace: 'shpo' })
    expect(await errorOf(gateway)).toMatch(/There is no namespace "shpo" .* check discovery\.kubernetes\.namespace/)
    expect(gateway.isSynced).toBe(false)
    api.addNamespace('shpo')
    await gateway.synced
  })

  test('what the roles do not allow', async () => {
    const { api, kubeconfig } = await cluster()
    api.fail('list', 403, 3)
    expect(await errorOf(watching({ kubeconfig }))).toMatch(
      /forbids GET \/\S+ \(403 Forbidden: told to fail\); grant get, list and watch on services and endpointslices with a Role/,
    )
  })

  test('pods that must not be read are done without', async () => {
    const { api, kubeconfig } = await cluster({ tokens: { t: 'system:serviceaccount:default:octopus' } })
    const file = await writeKubeconfig(api.url, { token: 't' })
    onTestFinished(() => file[Symbol.asyncDispose]())
    expect(kubeconfig).not.toBe(file.path)
    const rbac = 'rbac.authorization.k8s.io/v1'
    const rules = [{ apiGroups: ['', 'discovery.k8s.io'], resources: ['services', 'endpointslices'], verbs: ['list', 'watch'] }]
    api.put({ apiVersion: rbac, kind: 'Role', metadata: { name: 'octopus' }, rules })
    const subjects = [{ kind: 'ServiceAccount', name: 'octopus', namespace: 'default' }]
    api.put({ apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'octopus' }, roleRef: { kind: 'Role', name: 'octopus' }, subjects })
    const gateway = watching({ kubeconfig: file.path })
    await gateway.synced
    api.putService({ name: 'users', endpoints: [{ addresses: ['10.0.0.1'], pod: 'users-1' }] })
    await waitFor(() => gateway.services.length === 1)
    expect(api.requests.filter(({ path }) => path.endsWith('/pods'))).toHaveLength(1)
  })

  test.each([
    [{ namespace: 'Shop' }, /namespace.*write the name of a namespace/],
    [{ namespace: ['shop', '*'] }, /namespace.*write the name of a namespace/],
    [{ namespace: '../x' }, /namespace/],
    [{ labelSelector: '' }, /labelSelector.*not be empty/],
  ])('an option that is wrong is named: %j', async (options, expected) => {
    expect(await errorOf(watching(options))).toMatch(expected)
  })
})
