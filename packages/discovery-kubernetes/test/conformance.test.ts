import { kubernetesDiscovery } from '@octopus-gateway/discovery-kubernetes'
import { startKubernetes, testCertificates } from '@octopus-gateway/testing'
import { testDiscoveryProvider, type Registered } from '@octopus-gateway/core/testing'
import { writeKubeconfig } from './cluster.ts'

/** A stand-in that `proof.test.ts` checks with the clients that others wrote: over TLS, for a user with a token. */
testDiscoveryProvider('kubernetes', async () => {
  const { ca, server } = testCertificates()
  const api = await startKubernetes({ tls: server, tokens: { 'a-good-token': 'tester' } })
  const cluster = { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  const good = await writeKubeconfig(api.url, { token: 'a-good-token' }, { cluster })
  const bad = await writeKubeconfig(api.url, { token: 'a-bad-token' }, { cluster })
  const services = new Map<string, Map<string, Registered>>()
  const write = (service: string): void => {
    const instances = [...(services.get(service)?.values() ?? [])]
    if (instances.length === 0) return api.deleteService(service)
    for (const { id, host, port, metadata } of instances) {
      // What a pod says of itself stands with the pod.
      api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: id, annotations: metadata ?? {} } })
      // Pods of one Service may differ in ports: then their slices do.
      api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: service }, spec: { ipFamilies: ['IPv4'] } })
      api.put({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: id, labels: { 'kubernetes.io/service-name': service } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port, protocol: 'TCP' }],
        endpoints: [{ addresses: [host], conditions: { ready: true }, targetRef: { kind: 'Pod', name: id } }],
      })
    }
    return undefined
  }
  return {
    provider: () => kubernetesDiscovery({ kubeconfig: good.path }),
    put: async (instance) => {
      services.set(instance.service, (services.get(instance.service) ?? new Map<string, Registered>()).set(instance.id, instance))
      write(instance.service)
    },
    remove: async ({ service, id }) => {
      services.get(service)?.delete(id)
      api.delete({ apiVersion: 'v1', kind: 'Pod', name: id })
      api.delete({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', name: id })
      write(service)
    },
    stop: () => api.stop(),
    start: () => api.start(),
    connections: () => api.open,
    refused: () => ({ provider: kubernetesDiscovery({ kubeconfig: bad.path }), secret: 'a-bad-token' }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      await good[Symbol.asyncDispose]()
      await bad[Symbol.asyncDispose]()
    },
  }
})
