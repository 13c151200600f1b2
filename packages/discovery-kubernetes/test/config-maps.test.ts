import { cluster } from './cluster.ts'
import { expect, test } from 'vitest'
import { fakeKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { kubernetesDiscovery } from '@octopus-gateway/discovery-kubernetes'
import { testConfigMaps } from './config-maps.ts'

testConfigMaps('the stand-in', fakeKubernetes)

test('other namespaces than the watched ones are not asked', async () => {
  const { api, kubeconfig } = await cluster()
  const { keyValues } = kubernetesDiscovery({ kubeconfig, namespace: 'shop' })
  for (const key of [
    'configmap:nothing/x',
    'configmap:other/users-schemas-v1/openapi.json',
    'configmap:../secrets/x',
    '/schemas/../x/openapi',
  ])
    expect(await keyValues!.get(key, new AbortController().signal), key).toBeUndefined()
  expect(api.requests.map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/configmaps/nothing'])
})
