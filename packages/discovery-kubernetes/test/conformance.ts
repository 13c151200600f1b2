import { kubernetesDiscovery } from '@octopus-gateway/discovery-kubernetes'
import { OWNER, writeKubeconfig, type OpenKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { testCertificates } from '@octopus-gateway/testing'
import { testDiscoveryProvider, type Registered } from '@octopus-gateway/core/testing'

/** Over TLS, for a user with a token: a pod with its slice for every instance. */
export function testConformance(name: string, open: OpenKubernetes): void {
  testDiscoveryProvider(name, async () => {
    const api = await open()
    const cluster = { 'certificate-authority-data': Buffer.from(testCertificates().ca).toString('base64') }
    const good = await writeKubeconfig(api.url, { token: OWNER }, { cluster })
    const bad = await writeKubeconfig(api.url, { token: 'a-bad-token' }, { cluster })
    const services = new Map<string, { readonly written: Promise<void>; readonly instances: Set<string> }>()

    /** The Service of an instance, written when its first one comes. */
    function serviceOf({ service }: Registered): { readonly written: Promise<void>; readonly instances: Set<string> } {
      const known = services.get(service)
      if (known !== undefined) return known
      const spec = { clusterIP: 'None', ipFamilies: ['IPv4'], ports: [{ port: 80 }] }
      const made = {
        written: api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: service }, spec }),
        instances: new Set<string>(),
      }
      services.set(service, made)
      return made
    }

    return {
      provider: () => kubernetesDiscovery({ kubeconfig: good.path }),
      async put(instance) {
        const { id, service, host, port, metadata } = instance
        const { written, instances } = serviceOf(instance)
        instances.add(id)
        await written
        // What a pod says of itself stands with the pod.
        const spec = { containers: [{ name: 'main', image: 'main' }] }
        await api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: id, annotations: metadata ?? {} }, spec })
        // Pods of one Service may differ in ports: then their slices do.
        await api.put({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: id, labels: { 'kubernetes.io/service-name': service } },
          addressType: 'IPv4',
          ports: [{ name: 'http', port, protocol: 'TCP' }],
          endpoints: [{ addresses: [host], conditions: { ready: true }, targetRef: { kind: 'Pod', name: id } }],
        })
      },
      async remove(instance) {
        const { service, id } = instance
        const { instances } = serviceOf(instance)
        await api.delete({ apiVersion: 'v1', kind: 'Pod', name: id })
        await api.delete({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', name: id })
        instances.delete(id)
        if (instances.size > 0) return
        services.delete(service)
        await api.delete({ apiVersion: 'v1', kind: 'Service', name: service })
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
}
