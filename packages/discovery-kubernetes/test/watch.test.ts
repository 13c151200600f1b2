import { cluster, lines, watching } from './cluster.ts'
import { errorOf } from '../../../tests/support/finding.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { waitFor, type KubernetesApi, type KubernetesService } from '@octopus-gateway/testing'
import { writeKubeconfig } from '../../../tests/support/registries/kubernetes.ts'
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
