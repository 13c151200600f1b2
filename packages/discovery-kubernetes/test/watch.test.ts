import { cluster, lines, watching } from './cluster.ts'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { errorOf } from '../../../tests/support/finding.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { closedPort, waitFor, type KubernetesApi, type KubernetesService } from '@octopus-gateway/testing'
import { writeKubeconfig } from './cluster.ts'
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

describe('lists and watches', () => {
  test('a list of many is read in pages, all of one revision', async () => {
    const { api, kubeconfig } = await cluster()
    for (let i = 0; i < 1201; i++) api.putService(service(`s${i}`, `10.0.${i >> 8}.${i & 255}`))
    const gateway = watching({ kubeconfig })
    await gateway.synced
    expect(gateway.services).toHaveLength(1201)
    const lists = api.requests.filter(({ verb, path }) => verb === 'list' && path.endsWith('/services'))
    expect(lists.map(({ query }) => [query['limit'], query['continue'] !== undefined])).toEqual([
      ['500', false],
      ['500', true],
      ['500', true],
    ])
  })

  test('a list whose pages are forgotten while it is read begins again', async () => {
    const { api, kubeconfig } = await cluster()
    for (let i = 0; i < 501; i++) api.putService(service(`s${i}`))
    const stop = setInterval(() => {
      if (count(api, 'list', '/services') !== 1) return
      clearInterval(stop)
      api.delete({ apiVersion: 'v1', kind: 'Service', name: 's7' })
      api.compact()
    })
    onTestFinished(() => clearInterval(stop))
    const gateway = watching({ kubeconfig })
    await gateway.synced
    expect(gateway.services).toHaveLength(500)
    expect(gateway.providers[0]?.error).toBeNull()
  })

  test('a watch that ends goes on where it was, without another list', async () => {
    const { api, kubeconfig } = await cluster()
    api.putService(service('users'))
    const gateway = watching({ kubeconfig })
    await isWatching(api)
    await unharmed(gateway, async () => {
      for (let round = 1; round <= 3; round++) {
        api.endWatches()
        api.putService(service(`more-${round}`))
        await waitFor(() => gateway.services.length === 1 + round)
      }
    })
    expect(count(api, 'list')).toBe(3)
    expect(api.requests.filter(({ verb }) => verb === 'watch').every(({ query }) => query['allowWatchBookmarks'] === 'true')).toBe(true)
    const spans = api.requests.filter(({ verb }) => verb === 'watch').map(({ query }) => Number(query['timeoutSeconds']))
    expect(spans.every((seconds) => seconds >= 300 && seconds <= 600)).toBe(true)
    expect(new Set(spans).size).toBeGreaterThan(1)
  })

  test('a bookmark is where it goes on, though nothing of its own has changed', async () => {
    const { api, kubeconfig } = await cluster()
    api.putService(service('users'))
    const gateway = watching({ kubeconfig })
    await isWatching(api)
    for (let i = 0; i < 50; i++) api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'busy' }, data: { i: String(i) } })
    api.bookmark()
    const { requests } = api
    const before = requests.length
    const from = Math.max(...requests.map(({ query }) => Number(query['resourceVersion'] ?? 0)))
    api.endWatches()
    await waitFor(() => requests.slice(before).filter(({ verb }) => verb === 'watch').length === 3)
    for (const { query } of requests.slice(before)) expect(Number(query['resourceVersion'])).toBe(from + 50)
    expect(gateway.providers[0]?.error).toBeNull()
  })

  test('a history that is gone (410) is a new list, and nothing is missed or kept by it', async () => {
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

  test('connections that break are made anew, and the set is kept', async () => {
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

  test('a server that ends every watch at once is not asked all the time', async () => {
    const { api, kubeconfig } = await cluster({ longestWatch: 1 })
    api.putService(service('users'))
    const gateway = watching({ kubeconfig })
    await gateway.synced
    const begin = performance.now()
    await waitFor(() => performance.now() - begin > 1_000)
    expect(count(api, 'watch')).toBeLessThan(25)
    expect(gateway.providers[0]?.state).toBe('synced')
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

describe('failures say what to do', () => {
  test('nobody there', async () => {
    const file = await writeKubeconfig(`http://127.0.0.1:${await closedPort()}`)
    onTestFinished(() => file[Symbol.asyncDispose]())
    expect(await errorOf(watching({ kubeconfig: file.path }))).toMatch(
      /^The Kubernetes API at 127\.0\.0\.1:\d+ cannot be used \(ECONNREFUSED\): nothing listens there; check the address\.$/,
    )
  })

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

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, RegExp]>([
    ['a server that is no Kubernetes', (_, response) => response.end('<html>'), /cannot be used \(.*JSON.*\)/],
    [
      'JSON that is no list',
      (_, response) => response.end('{}'),
      /answered with no list; check that the address is that of a Kubernetes API/,
    ],
    ['an unknown path', (_, response) => response.writeHead(404).end('no'), /knows no .*; it must be Kubernetes 1\.21 or newer/],
    [
      'a server that is ill',
      (_, response) => response.writeHead(503).end('{"message": "try\\u001b[31m"}'),
      /answered 503 to GET [^\u001b]*$/,
    ],
    ['an answer that breaks off', (_, response) => response.writeHead(200).write('{"items', () => response.destroy()), /cannot be used/],
  ])('%s', async (_, listener, expected) => {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const file = await writeKubeconfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await file[Symbol.asyncDispose]()
    })
    expect(await errorOf(watching({ kubeconfig: file.path }))).toMatch(expected)
  })
})
