import { KubernetesClient, mirror, type AccessOptions, type Collection } from '@octopus-gateway/kubernetes-client'
import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { silentLogger } from '@octopus-gateway/core'
import { startKubernetes, type KubernetesApi, type KubernetesOptions } from '@octopus-gateway/testing'
import { writeKubeconfig } from '../../../tests/support/registries/kubernetes.ts'
import type { AddressInfo } from 'node:net'

export const SERVICES = '/api/v1/namespaces/default/services'

/** A client of the cluster that a kubeconfig or a service account is for. Disposed of at the end of the test. */
export async function opened(access: AccessOptions): Promise<KubernetesClient> {
  const client = await KubernetesClient.open({ ...access, rights: 'list and watch on services', oldest: '1.21', log: silentLogger })
  onTestFinished(() => client[Symbol.dispose]())
  return client
}

/** A client of whatever is there. */
export async function clientOf(url: string): Promise<KubernetesClient> {
  const file = await writeKubeconfig(url)
  onTestFinished(() => file[Symbol.asyncDispose]())
  return opened({ kubeconfig: file.path })
}

/** A client of a server that answers like this. */
export async function clientFor(listener: RequestListener, path = ''): Promise<KubernetesClient> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
}

/** An API server without users, and a client of it. Closed at the end of the test. */
export async function cluster(
  options: KubernetesOptions = {},
): Promise<{ readonly api: KubernetesApi; readonly client: KubernetesClient }> {
  const api = await startKubernetes(options)
  onTestFinished(() => api[Symbol.asyncDispose]())
  return { api, client: await clientOf(api.url) }
}

/** A mirror under way. */
export interface Mirrored {
  /** What has been put and not deleted. */
  readonly objects: ReadonlyMap<string, unknown>
  keys(): string[]
  /** How often everything was there. */
  readonly lists: number
  /** Why it is over, as soon as it is: `undefined` where nothing has failed. */
  readonly over: Promise<unknown>
  readonly isOver: boolean
}

/** Mirrors the Services of the namespace `default` until the end of the test. */
export function mirrored(client: KubernetesClient, more: Partial<Collection> = {}): Mirrored {
  const objects = new Map<string, unknown>()
  const stop = new AbortController()
  let lists = 0
  let isOver = false
  const collection: Collection = {
    path: SERVICES,
    put: (key, object) => void objects.set(key, object),
    delete: (key) => {
      if (!objects.delete(key)) throw new Error(`${key} is deleted and has never been put.`)
    },
    listed: () => void (lists += 1),
    ...more,
  }
  const over = mirror(client, collection, stop.signal)
    .catch((thrown: unknown) => thrown)
    .finally(() => (isOver = true))
  onTestFinished(async () => {
    stop.abort()
    await over
  })
  return {
    objects,
    keys: () => [...objects.keys()].map((key) => key.replace('default/', '')).sort(),
    get lists() {
      return lists
    },
    over,
    get isOver() {
      return isOver
    },
  }
}
