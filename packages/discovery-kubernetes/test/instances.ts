import { clusterOf, lines, watching } from './cluster.ts'
import { describe, expect, test } from 'vitest'
import { waitFor, type KubernetesService } from '@octopus-gateway/testing'
import type { Gateway, ServiceInstance } from '@octopus-gateway/core'
import type { KubernetesOptions } from '@octopus-gateway/discovery-kubernetes'
import type { OpenKubernetes } from '../../../tests/support/registries/kubernetes.ts'

/** A synced gateway over a cluster with these services. */
async function finding(open: OpenKubernetes, services: readonly KubernetesService[], options: KubernetesOptions = {}): Promise<Gateway> {
  const { api, kubeconfig } = await clusterOf(open)
  for (const service of services) {
    if (service.namespace !== undefined) await api.addNamespace(service.namespace)
    await api.putService(service)
  }
  const gateway = watching({ kubeconfig, ...options })
  await gateway.synced
  return gateway
}

const users = (more: Partial<KubernetesService> = {}): KubernetesService => ({
  name: 'users',
  endpoints: [{ addresses: ['10.0.0.1'] }],
  ...more,
})

/** What instances are made of, with any API server: the stand-in, or a real one. */
export function testInstances(name: string, open: OpenKubernetes): void {
  describe(`with ${name}`, () => {
    describe('ports', () => {
      const ports = [
        { name: 'metrics', port: 9100 },
        { name: 'http', port: 8080, servicePort: 80 },
        { name: 'grpc', port: 50_051 },
      ]

      test.each<[string, Partial<KubernetesService>, KubernetesOptions, string[]]>([
        ['the one named http', { ports }, {}, ['users 10.0.0.1:8080']],
        ['else the one named https', { ports: [ports[0]!, { name: 'https', port: 8443 }] }, {}, ['users 10.0.0.1:8443']],
        ['else the first one', { ports: [{ name: 'udp', port: 53, protocol: 'UDP' }, ports[0]!, ports[2]!] }, {}, ['users 10.0.0.1:9100']],
        ['the one that the options name', { ports }, { portName: 'grpc' }, ['users 10.0.0.1:50051']],
        ['no other where that is missing', { ports }, { portName: 'web' }, []],
        [
          'the one that farp.port names, before the options',
          { ports, annotations: { 'farp.port': 'metrics' } },
          { portName: 'grpc' },
          ['users 10.0.0.1:9100'],
        ],
        ['a port of the pods by its number', { ports, annotations: { 'farp.io/port': '9100' } }, {}, ['users 10.0.0.1:9100']],
        ['a port of the Service by its number', { ports, annotations: { farp_port: '80' } }, {}, ['users 10.0.0.1:8080']],
        ['a number that is not declared', { ports, annotations: { 'farp.port': '3000' } }, {}, ['users 10.0.0.1:3000']],
        ['none for a number that is no port', { ports, annotations: { 'farp.port': '70000' } }, {}, []],
      ])('%s', async (_, service, options, expected) => {
        expect(lines(await finding(open, [users(service)], options))).toEqual(expected)
      })

      test.each<[string, Partial<KubernetesService>, boolean]>([
        ['plain by default', {}, false],
        ['by a port named https', { ports: [{ name: 'https', port: 8443 }] }, true],
        ['by the protocol of the port', { ports: [{ name: 'http', port: 8443, appProtocol: 'https' }] }, true],
        ['by the protocol rather than the name', { ports: [{ name: 'https', port: 8443, appProtocol: 'http' }] }, false],
        ['by the annotation scheme before all', { ports: [{ name: 'https', port: 8443 }], annotations: { scheme: 'http' } }, false],
      ])('TLS: %s', async (_, service, secure) => {
        expect((await finding(open, [users(service)])).services[0]?.secure).toBe(secure)
      })
    })

    describe('conditions', () => {
      const pods = (...conditions: readonly (KubernetesService['endpoints'][number]['conditions'] | undefined)[]): KubernetesService =>
        users({
          endpoints: conditions.map((one, index) => ({
            addresses: [`10.0.0.${index + 1}`],
            ...(one === undefined ? {} : { conditions: one }),
          })),
        })
      const going = { ready: false, serving: true, terminating: true }

      test.each<[string, KubernetesService, KubernetesOptions, string[]]>([
        [
          'ready ones get traffic, and those of which nothing is said',
          pods({ ready: true }, null, {}),
          {},
          ['users 10.0.0.1:8080', 'users 10.0.0.2:8080', 'users 10.0.0.3:8080'],
        ],
        ['not those that are not ready', pods({ ready: true }, { ready: false }), {}, ['users 10.0.0.1:8080', '!users 10.0.0.2:8080']],
        [
          'unless that is wanted',
          pods({ ready: true }, { ready: false }),
          { includeNotReady: true },
          ['users 10.0.0.1:8080', 'users 10.0.0.2:8080'],
        ],
        [
          'not those that are going, even where not ready ones are wanted',
          pods({ ready: true }, going),
          { includeNotReady: true },
          ['users 10.0.0.1:8080', '!users 10.0.0.2:8080'],
        ],
        [
          'not those that are going and said to be ready',
          pods({ ready: true }, { ready: true, terminating: true }),
          {},
          ['users 10.0.0.1:8080', '!users 10.0.0.2:8080'],
        ],
        [
          'but those that still serve when all are going',
          pods(going, { ...going, serving: false }),
          {},
          ['users 10.0.0.1:8080', '!users 10.0.0.2:8080'],
        ],
      ])('%s', async (_, service, options, expected) => {
        expect(lines(await finding(open, [service], options))).toEqual(expected)
      })
    })

    describe('addresses', () => {
      const pod = (number: number, addresses: readonly string[], more: object = {}): KubernetesService['endpoints'][number] => ({
        addresses,
        pod: `users-${number}`,
        ...more,
      })

      test('a pod with addresses of both families is one instance, at the family that its Service prefers', async () => {
        const endpoints = [pod(1, ['10.0.0.1', 'fd00::1']), pod(2, ['10.0.0.2', 'fd00::2'])]
        expect(lines(await finding(open, [users({ endpoints })]))).toEqual(['users 10.0.0.1:8080', 'users 10.0.0.2:8080'])
        expect(lines(await finding(open, [users({ endpoints, ipFamilies: ['IPv6', 'IPv4'] })]))).toEqual([
          'users fd00::1:8080',
          'users fd00::2:8080',
        ])
        expect(lines(await finding(open, [users({ endpoints: [pod(1, ['fd00::1'])] })]))).toEqual(['users fd00::1:8080'])
      })

      test('an endpoint that is in two slices while it is moved is one, and ready if one of them says so', async () => {
        const { api, kubeconfig } = await clusterOf(open)
        await api.putService(users({ endpoints: [pod(1, ['10.0.0.1'], { conditions: { ready: false } })] }))
        const slice = {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: 'users-moved', labels: { 'kubernetes.io/service-name': 'users' } },
          addressType: 'IPv4',
          ports: [{ name: 'http', port: 8080 }],
          endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'users-1' } }],
        }
        await api.put(slice)
        // Names are no addresses, and what nobody owns is no service.
        await api.put({
          ...slice,
          metadata: { ...slice.metadata, name: 'names' },
          addressType: 'FQDN',
          endpoints: [{ addresses: ['users.example.com'] }],
        })
        await api.put({ ...slice, metadata: { name: 'nobody' } })
        const gateway = watching({ kubeconfig })
        await gateway.synced
        expect(lines(gateway)).toEqual(['users 10.0.0.1:8080'])
        await api.delete({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', name: 'users-ipv4' })
        await api.put({ ...slice, endpoints: [{ addresses: ['10.0.0.9'] }] })
        await waitFor(() => lines(gateway).join() === 'users 10.0.0.9:8080')
      })

      test('a pod that comes again under its name at another address is another instance', async () => {
        const { api, kubeconfig } = await clusterOf(open)
        await api.putService(users({ endpoints: [pod(0, ['10.0.0.1'])] }))
        const gateway = watching({ kubeconfig })
        await gateway.synced
        expect(gateway.services[0]?.id).toBe('default/users/users-0@10.0.0.1:8080')
        await api.putService(users({ endpoints: [pod(0, ['10.0.0.2'])] }))
        await waitFor(() => gateway.services[0]?.id === 'default/users/users-0@10.0.0.2:8080')
      })

      test.each<[string, readonly object[], (string | undefined)[]]>([
        ['as the endpoints say', [{ zone: 'a' }, { zone: 'b' }, {}], ['a', 'b', undefined]],
        [
          'as the hints say where each has one',
          [
            { zone: 'a', forZones: ['a'] },
            { zone: 'a', forZones: ['b'] },
            { zone: 'b', forZones: ['c', 'b'] },
          ],
          ['a', 'b', 'b'],
        ],
        ['not as the hints say where one is missing', [{ zone: 'a', forZones: ['b'] }, { zone: 'a' }, {}], ['a', 'a', undefined]],
      ])('zones %s', async (_, more, zones) => {
        const gateway = await finding(open, [users({ endpoints: more.map((one, index) => pod(index, [`10.0.0.${index}`], one)) })])
        expect(gateway.services.map(({ zone }) => zone)).toEqual(zones)
      })
    })

    describe('names', () => {
      const shop = users({ namespace: 'shop' })
      const billing = users({ namespace: 'billing', endpoints: [{ addresses: ['10.0.9.1'] }] })

      test('of one namespace are those of its Services', async () => {
        expect(lines(await finding(open, [shop, billing], { namespace: 'billing' }))).toEqual(['users 10.0.9.1:8080'])
        expect(lines(await finding(open, [shop, billing], { namespace: ['billing'] }))).toEqual(['users 10.0.9.1:8080'])
      })

      test.each<[string, readonly string[] | '*']>([
        ['several', ['shop', 'billing']],
        ['all', '*'],
      ])('of %s namespaces carry their namespace: nobody takes over a name from another one', async (_, namespace) => {
        const gateway = await finding(open, [shop, billing, users({ name: 'own' })], { namespace })
        const own = namespace === '*' ? ['own.default 10.0.0.1:8080'] : []
        expect(lines(gateway)).toEqual(['users.billing 10.0.9.1:8080', ...own, 'users.shop 10.0.0.1:8080'])
        expect(gateway.services.map(({ metadata }) => metadata['namespace'])).toContain('billing')
      })

      test('only Services that the selector selects, by their own labels', async () => {
        const { api, kubeconfig } = await clusterOf(open)
        const part = { 'app.kubernetes.io/part-of': 'octopus' }
        await api.putService(users({ labels: part }))
        await api.putService(users({ name: 'other' }))
        const gateway = watching({ kubeconfig, labelSelector: 'app.kubernetes.io/part-of=octopus' })
        await gateway.synced
        expect(lines(gateway)).toEqual(['users 10.0.0.1:8080'])
        // The slices of a Service need not repeat its labels.
        const spec = { ports: [{ name: 'http', port: 8080 }] }
        await api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'other', labels: part }, spec })
        await waitFor(() => lines(gateway).length === 2)
        await api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'users' }, spec })
        await waitFor(() => lines(gateway).join() === 'other 10.0.0.1:8080')
      })
    })

    describe('metadata', () => {
      test('is what annotations and labels say of the service, its own before those of slices and pods', async () => {
        const { api, kubeconfig } = await clusterOf(open)
        await api.putService(
          users({
            labels: { 'farp.io/enabled': 'true', 'app.kubernetes.io/version': 'v1', team: 'core', namespace: 'kube-system' },
            annotations: {
              'farp.manifest': '/_farp/manifest',
              'discovery.forge.xraph.io/tags': 'farp,blue',
              'kubectl.kubernetes.io/last-applied-configuration': '{"password":"x"}',
              'example.com/secret': 'x',
              team: 'annotated',
              long: 'x'.repeat(70_000),
            },
            endpoints: [
              { addresses: ['10.0.0.1'], pod: 'users-1' },
              { addresses: ['10.0.0.2'], pod: 'users-2' },
            ],
          }),
        )
        const canary = { team: 'of-the-pod', 'app.kubernetes.io/version': 'v2', role: 'canary' }
        const spec = { containers: [{ name: 'main', image: 'main' }] }
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'users-2', labels: canary, annotations: { 'octopus.weight': '0.1' } },
          spec,
        }
        await api.put(pod)
        const gateway = watching({ kubeconfig })
        await gateway.synced
        const plain = {
          'farp.io/enabled': 'true',
          'farp.manifest': '/_farp/manifest',
          'app.kubernetes.io/version': 'v1',
          team: 'annotated',
          tags: 'farp,blue',
          namespace: 'default',
          'kubernetes.pod': 'users-1',
        }
        const [one, two] = gateway.services as [ServiceInstance, ServiceInstance]
        expect(one).toMatchObject({ version: 'v1', weight: 1 })
        expect(one.metadata).toEqual(plain)
        // Of the version and the weight, a pod knows more than its Service.
        expect(two).toMatchObject({ version: 'v2', weight: 0.1, metadata: { team: 'annotated', role: 'canary' } })
        await api.put({ ...pod, metadata: { ...pod.metadata, labels: { 'app.kubernetes.io/version': 'v3' } } })
        await waitFor(() => gateway.services[1]?.version === 'v3')
        await api.delete({ apiVersion: 'v1', kind: 'Pod', name: 'users-2' })
        await waitFor(() => gateway.services[1]?.version === 'v1')
      })
    })
  })
}
