import { drillRegistry } from '../support/registry-drill.ts'
import { startKubernetes } from '@octopus-gateway/testing'

const SLICE = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }

drillRegistry('kubernetes', async () => {
  const api = await startKubernetes()
  const kubeconfig = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: api.url } }],
    users: [{ name: 'u', user: {} }],
  }
  const keys = 'kubeconfig: kubeconfig, namespace: default, label_selector: "app.kubernetes.io/part-of=octopus"'
  return {
    yaml: `discovery: { backend: kubernetes, kubernetes: { ${keys} } }`,
    files: { kubeconfig: JSON.stringify(kubeconfig) },
    // What a cluster has of an instance: its Service, and the slice with its pod.
    put({ name, instanceId, port }) {
      const labels = { 'app.kubernetes.io/part-of': 'octopus' }
      api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name, labels, annotations: { 'farp.enabled': 'true' } } })
      api.put({
        ...SLICE,
        metadata: { name: instanceId, labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port }],
        endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: instanceId } }],
      })
    },
    remove: ({ instanceId }) => api.delete({ ...SLICE, name: instanceId }),
    stop: () => api.stop(),
    start: () => api.start(),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  }
})
