import { join } from 'node:path'
import { Outage } from '@octopus-gateway/discovery-support'
import { read } from './read.ts'
import type { Access } from './access.ts'

/** What every pod gets from its cluster: the address of the API server, a token that is renewed, and the authority behind it. */
export async function inCluster(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<Access> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (host === undefined || host === '') {
    throw new Outage(
      'This is no pod of a Kubernetes cluster (KUBERNETES_SERVICE_HOST is not set); name a kubeconfig file to reach one from outside.',
    )
  }
  const remedy = 'check the service account of the pod, and automountServiceAccountToken'
  const token = async (): Promise<string> => (await read(join(folder, 'token'), remedy)).toString().trim()
  await token()
  const [ca, namespace] = await Promise.all([read(join(folder, 'ca.crt'), remedy), read(join(folder, 'namespace'), remedy)])
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    tls: { ca },
    token,
    namespace: namespace.toString().trim(),
    remedy,
  }
}
