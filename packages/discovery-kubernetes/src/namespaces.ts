import { Failure } from './failure.ts'
import type { Access } from './access/access.ts'
import type { Client } from './client.ts'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from './options.ts'

/** The namespaces that are watched, each once; one `undefined` for all of them. */
export function namespacesOf({ namespace }: Settings, access: Access): readonly (string | undefined)[] {
  if (namespace === '*') return [undefined]
  return [...new Set([namespace ?? access.namespace].flat())]
}

/** What a check needs. */
interface Check {
  readonly access: Access
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Throws where a namespace is not there: a list in it is empty, and so is one with a mistake in its name. */
export async function checkNamespace(client: Client, namespace: string, { access, log, signal }: Check): Promise<void> {
  try {
    await client.get({ path: `/api/v1/namespaces/${namespace}` }, signal)
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    const { host } = access.server
    if (thrown.status === 404)
      throw new Error(`There is no namespace "${namespace}" in the Kubernetes cluster at ${host}; check discovery.kubernetes.namespace.`, {
        cause: thrown,
      })
    if (thrown.status !== 403) throw thrown
    log.info('a Kubernetes namespace has no Services that are selected; check its name and the label selector', { namespace })
  }
}
