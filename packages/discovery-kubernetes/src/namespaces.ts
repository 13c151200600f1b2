import { ApiFailure, type KubernetesClient } from '@octopus-gateway/kubernetes-client'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** The namespaces that are watched, each once; one `undefined` for all of them. */
export function namespacesOf({ namespace }: Settings, client: KubernetesClient): readonly (string | undefined)[] {
  return namespace === '*' ? [undefined] : [...new Set([namespace ?? client.namespace].flat())]
}

/** Throws where a namespace is not there: a list in it is empty, and so is one with a mistake in its name. */
export async function checkNamespace(client: KubernetesClient, namespace: string, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await client.get({ path: `/api/v1/namespaces/${namespace}` }, signal)
  } catch (thrown) {
    const status = thrown instanceof ApiFailure ? thrown.status : undefined
    if (status === 404)
      throw new Error(
        `There is no namespace "${namespace}" in the Kubernetes cluster at ${client.host}; check discovery.kubernetes.namespace.`,
        { cause: thrown },
      )
    if (status !== 403) throw thrown
    log.info('a Kubernetes namespace has no Services that are selected; check its name and the label selector', { namespace })
  }
}
