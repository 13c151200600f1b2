import { ACCOUNT, OWNER, type KubernetesServer, type OpenKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { clusterOf, lines, watching } from './cluster.ts'
import { describe, expect, test } from 'vitest'
import { waitFor } from '@octopus-gateway/testing'
import type { Gateway } from '@octopus-gateway/core'

const RBAC = 'rbac.authorization.k8s.io'
const reasonOf = (gateway: Gateway): Promise<string> => waitFor(() => gateway.providers[0]?.error ?? '')

/** Lets the service account list and watch these. */
async function allow(api: KubernetesServer, resources: readonly string[]): Promise<void> {
  const rules = [{ apiGroups: ['', 'discovery.k8s.io'], resources, verbs: ['list', 'watch'] }]
  await api.put({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'octopus' }, rules })
  const subjects = [{ kind: 'ServiceAccount', name: 'octopus', namespace: 'default' }]
  const roleRef = { kind: 'Role', name: 'octopus', apiGroup: RBAC }
  await api.put({ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: 'octopus' }, roleRef, subjects })
}

/** What roles and namespaces do, with any API server: the stand-in, or a real one. */
export function testRoles(name: string, open: OpenKubernetes): void {
  describe(`with ${name}`, () => {
    test('what the roles do not allow is told, and found once they do', async () => {
      const { api, kubeconfig } = await clusterOf(open, ACCOUNT)
      await api.putService({ name: 'users', endpoints: [{ addresses: ['10.0.0.1'] }] })
      const gateway = watching({ kubeconfig })
      expect(await reasonOf(gateway)).toMatch(
        /forbids GET \/\S+ \(403 Forbidden: .* is forbidden: User "system:serviceaccount:default:octopus" cannot list resource .*\); grant get, list and watch/,
      )
      await allow(api, ['services', 'endpointslices', 'pods'])
      await waitFor(() => lines(gateway).join() === 'users 10.0.0.1:8080', { timeout: 20_000 })
    })

    test('pods that must not be read are done without', async () => {
      const { api, kubeconfig } = await clusterOf(open, ACCOUNT)
      await allow(api, ['services', 'endpointslices'])
      await api.putService({ name: 'users', endpoints: [{ addresses: ['10.0.0.1'], pod: 'users-1' }] })
      // A role counts a moment after it is written.
      const gateway = watching({ kubeconfig })
      await waitFor(() => lines(gateway).join() === 'users 10.0.0.1:8080', { timeout: 20_000 })
    })

    test('a namespace that does not exist, and is found once it does', async () => {
      const namespace = `shpo-${Math.random().toString(36).slice(2, 8)}`
      const { api, kubeconfig } = await clusterOf(open, OWNER)
      const gateway = watching({ kubeconfig, namespace })
      expect(await reasonOf(gateway)).toMatch(/There is no namespace "shpo-\w+" .* check discovery\.kubernetes\.namespace/)
      expect(gateway.isSynced).toBe(false)
      await api.addNamespace(namespace)
      await api.putService({ name: 'users', namespace, endpoints: [{ addresses: ['10.0.0.1'] }] })
      await waitFor(() => lines(gateway).join() === 'users 10.0.0.1:8080', { timeout: 20_000 })
    })

    test('a list of many is read in pages', async () => {
      const { api, kubeconfig } = await clusterOf(open)
      const names = Array.from({ length: 601 }, (_, number) => `s${number}`)
      for (let from = 0; from < names.length; from += 50)
        await Promise.all(
          names.slice(from, from + 50).map((one) => api.putService({ name: one, endpoints: [{ addresses: ['10.0.0.1'] }] })),
        )
      const gateway = watching({ kubeconfig })
      await waitFor(() => expect(gateway.services).toHaveLength(601), { timeout: 30_000 })
    })
  })
}
