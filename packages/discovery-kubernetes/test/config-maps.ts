import { clusterOf } from './cluster.ts'
import { describe, expect, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { kubernetesDiscovery, type KubernetesOptions } from '@octopus-gateway/discovery-kubernetes'
import type { KubernetesServer, OpenKubernetes } from '../../../tests/support/registries/kubernetes.ts'

const text = (value: { readonly value: Uint8Array } | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value.value).toString()

async function store(
  open: OpenKubernetes,
  options: KubernetesOptions = {},
): Promise<{
  readonly api: KubernetesServer
  get(key: string): Promise<{ readonly value: Uint8Array; readonly revision: number } | undefined>
}> {
  const { api, kubeconfig } = await clusterOf(open)
  for (const namespace of ['shop', 'other']) await api.addNamespace(namespace)
  const put = (namespace: string, name: string, labels: object, data: object, more: object = {}): Promise<void> =>
    api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: { ...labels } }, data, ...more })
  await put(
    'shop',
    'users-schemas-v1',
    { 'farp.io/enabled': 'true' },
    { 'openapi.json': '{"openapi":"3.1.0"}' },
    { binaryData: { 'big.json.gz': gzipSync('{}').toString('base64') } },
  )
  await put('shop', 'private', {}, { password: 'secret' })
  await put('other', 'users-schemas-v1', { 'farp.io/enabled': 'true' }, { 'openapi.json': '{"other":true}' })
  const { keyValues } = kubernetesDiscovery({ kubeconfig, namespace: 'shop', ...options })
  return { api, get: (key) => keyValues!.get(key, new AbortController().signal) }
}

/** Schemas in ConfigMaps, with any API server: the stand-in, or a real one. */
export function testConfigMaps(name: string, open: OpenKubernetes): void {
  describe(`with ${name}`, () => {
    test('a key of a ConfigMap, by its path or as the schema of a service', async () => {
      const { api, get } = await store(open)
      for (const key of [
        'configmap:users-schemas-v1/openapi.json',
        'configmap:shop/users-schemas-v1/openapi.json',
        'configmap://shop/users-schemas-v1/openapi.json',
        '/schemas/users/v1/openapi',
        'farp/schemas/users/v1/openapi',
      ])
        expect(text(await get(key)), key).toBe('{"openapi":"3.1.0"}')
      const before = (await get('configmap:users-schemas-v1/openapi.json'))!.revision
      await api.put({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'users-schemas-v1', namespace: 'shop', labels: { 'farp.enabled': 'true' } },
        data: { 'openapi.json': '{}' },
      })
      const after = (await get('configmap:users-schemas-v1/openapi.json'))!
      expect([text(after), after.revision > before]).toEqual(['{}', true])
    })

    test('binary values are the bytes that were put', async () => {
      const { get } = await store(open)
      expect((await get('configmap:users-schemas-v1/big.json.gz'))!.value.slice(0, 2)).toEqual(new Uint8Array([0x1f, 0x8b]))
    })

    test('nothing is no value, and neither is what other namespaces have', async () => {
      const { get } = await store(open)
      for (const key of [
        'configmap:nothing/x',
        'configmap:users-schemas-v1/asyncapi.json',
        'configmap:other/users-schemas-v1/openapi.json',
        'configmap:../secrets/x',
        'configmap:shop/x/y/z',
        '/schemas/../x/openapi',
        'whatever',
      ])
        expect(await get(key), key).toBeUndefined()
    })

    test('of all namespaces, the one that is named; of several, the first that has it', async () => {
      const all = await store(open, { namespace: '*' })
      expect(text(await all.get('configmap:other/users-schemas-v1/openapi.json'))).toBe('{"other":true}')
      expect(await all.get('configmap:users-schemas-v1/openapi.json')).toBeUndefined()
      const several = await store(open, { namespace: ['default', 'other', 'shop'] })
      expect(text(await several.get('configmap:users-schemas-v1/openapi.json'))).toBe('{"other":true}')
    })

    test('a ConfigMap that is not labelled for it is not read, whoever asks in a manifest', async () => {
      const { get } = await store(open)
      await expect(get('configmap:private/password')).rejects.toThrow(
        'The ConfigMap shop/private is not read, because it has no label farp.io/enabled=true.',
      )
    })

    test('an outage is an error, not an absence', async () => {
      const { api, get } = await store(open)
      await api.stop()
      await expect(get('configmap:users-schemas-v1/openapi.json')).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/)
    })
  })
}
