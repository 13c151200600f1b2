import { join } from 'node:path'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { objectsOf } from '../../../packages/testing/src/registries/kubernetes/services.ts'
import { startKubernetes, testCertificates, type KubernetesObject, type KubernetesService } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'

/** The bearer token of somebody who may do everything. */
export const OWNER = 'a-good-token'
/** That of the service account `octopus` of the namespace `default`, which may do what roles say. */
export const ACCOUNT = 'a-token-of-a-service-account'

/** Whose tokens are whose. */
export const USERS: Readonly<Record<string, string>> = { [OWNER]: 'tester', [ACCOUNT]: 'system:serviceaccount:default:octopus' }

/** What names an object. */
export interface ObjectName {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** Default `default`, of kinds that have namespaces. */
  readonly namespace?: string
}

/** An API server as the suites use it: the stand-in, or a real one. It speaks TLS with a certificate of `testCertificates().ca`. */
export interface KubernetesServer extends AsyncDisposable {
  readonly url: string
  /** Connections that clients have. */
  readonly open: number
  /** Creates an object or replaces it. Works while it cannot be reached as well, as everything that writes. */
  put(object: KubernetesObject): Promise<void>
  delete(name: ObjectName): Promise<void>
  /** Creates or replaces a Service and its EndpointSlices. */
  putService(service: KubernetesService): Promise<void>
  addNamespace(name: string): Promise<void>
  /** Cuts and refuses connections. */
  stop(): Promise<void>
  start(): Promise<void>
}

export type OpenKubernetes = () => Promise<KubernetesServer>

/** `putService` of a server, made of its `put`. */
export async function putServiceBy(put: KubernetesServer['put'], service: KubernetesService): Promise<void> {
  const { service: object, slices } = objectsOf(service)
  for (const one of [object, ...slices]) await put(one)
}

/** The stand-in. */
export async function fakeKubernetes(): Promise<KubernetesServer> {
  const api = await startKubernetes({ tls: testCertificates().server, tokens: USERS })
  return {
    url: api.url,
    get open() {
      return api.open
    },
    put: async (object) => void api.put(object),
    delete: async (name) => api.delete(name),
    putService: async (service) => api.putService(service),
    addNamespace: async (name) => api.addNamespace(name),
    stop: () => api.stop(),
    start: () => api.start(),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  }
}

/** A kubeconfig file for tests. */
export interface KubeconfigFile extends AsyncDisposable {
  readonly path: string
  readonly folder: string
}

/** Writes a kubeconfig with one context. `cluster` and `user` are the keys of theirs beside the server. */
export async function writeKubeconfig(
  server: string,
  user: object = {},
  { cluster = {}, context = {} }: { readonly cluster?: object; readonly context?: object } = {},
): Promise<KubeconfigFile> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-kubernetes-'))
  const path = join(folder, 'config')
  const value = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester', ...context } }],
    clusters: [{ name: 'test', cluster: { server, ...cluster } }],
    users: [{ name: 'tester', user }],
  }
  await writeFile(path, JSON.stringify(value))
  return { path, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
