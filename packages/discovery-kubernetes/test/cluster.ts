import { kubernetesDiscovery, type KubernetesOptions } from '@octopus-gateway/discovery-kubernetes'
import { onTestFinished } from 'vitest'
import { OWNER, writeKubeconfig, type KubernetesServer, type OpenKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { startKubernetes, testCertificates, type KubernetesApi, type KubernetesOptions as ServerOptions } from '@octopus-gateway/testing'
import { watched, type Line } from '../../../tests/support/finding.ts'
import type { Gateway } from '@octopus-gateway/core'

/** A gateway that finds services in a cluster, and whose log is written into `log`. Closed at the end of the test. */
export const watching = (options: KubernetesOptions, log?: Line[]): Gateway => watched(kubernetesDiscovery(options), log)

/** An API server without users, and a kubeconfig for it. Closed at the end of the test. */
export async function cluster(options: ServerOptions = {}): Promise<{ readonly api: KubernetesApi; readonly kubeconfig: string }> {
  const api = await startKubernetes(options)
  const file = await writeKubeconfig(api.url)
  onTestFinished(async () => {
    await api[Symbol.asyncDispose]()
    await file[Symbol.asyncDispose]()
  })
  return { api, kubeconfig: file.path }
}

/** Any API server with users, and a kubeconfig with a token, by default of somebody who may do everything. Closed at the end of the test. */
export async function clusterOf(
  open: OpenKubernetes,
  token = OWNER,
): Promise<{ readonly api: KubernetesServer; readonly kubeconfig: string }> {
  const api = await open()
  const cluster = { 'certificate-authority-data': Buffer.from(testCertificates().ca).toString('base64') }
  const file = await writeKubeconfig(api.url, { token }, { cluster })
  onTestFinished(async () => {
    await api[Symbol.asyncDispose]()
    await file[Symbol.asyncDispose]()
  })
  return { api, kubeconfig: file.path }
}

/** `users 10.0.0.1:8080` of every instance, `!` in front of those that are not ready. */
export function lines({ services }: Gateway): string[] {
  return services.map(({ service, host, port, ready }) => `${ready ? '' : '!'}${service} ${host}:${port}`)
}
