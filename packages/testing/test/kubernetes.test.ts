import { clientOf, testKubernetes } from './kubernetes.ts'
import { CoreV1Api, DiscoveryV1Api, makeInformer, Watch } from '@kubernetes/client-node'
import { onTestFinished, test } from 'vitest'
import { fakeKubernetes, USERS } from '../../../tests/support/registries/kubernetes.ts'
import { startKubernetes, testCertificates, waitFor, type KubernetesApi } from '@octopus-gateway/testing'

testKubernetes('the stand-in of the Kubernetes API', fakeKubernetes)

// And what a real one cannot be made to do.

async function started(): Promise<KubernetesApi> {
  const api = await startKubernetes({ tls: testCertificates().server, tokens: USERS })
  onTestFinished(() => api[Symbol.asyncDispose]())
  api.addNamespace('shop')
  for (const name of ['users', 'stock'])
    api.putService({
      name,
      namespace: 'shop',
      labels: { tier: name === 'stock' ? 'back' : 'front' },
      endpoints: [{ addresses: ['10.0.0.1'] }],
    })
  return api
}

test('an informer goes on over an end of its watch and a compaction', async () => {
  const api = await started()
  const kubeConfig = clientOf(api.url)
  const discovery = kubeConfig.makeApiClient(DiscoveryV1Api)
  const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'
  const informer = makeInformer(kubeConfig, path, () => discovery.listNamespacedEndpointSlice({ namespace: 'shop' }))
  const seen: string[] = []
  for (const verb of ['add', 'delete'] as const) informer.on(verb, ({ metadata }) => seen.push(`${verb} ${metadata?.name}`))
  informer.on('error', () => void informer.start())
  await informer.start()
  api.endWatches()
  api.deleteService('stock', 'shop')
  await waitFor(() => seen.includes('delete stock-ipv4'))
  api.compact()
  api.putService({ name: 'new', namespace: 'shop', endpoints: [{ addresses: ['10.0.0.3'] }] })
  await waitFor(() => seen.includes('add new-ipv4'))
  await informer.stop()
})

test('a watch from a revision tells what has happened since, bookmarks what it may forget, and 410 what is forgotten', async () => {
  const api = await started()
  const kubeConfig = clientOf(api.url)
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
