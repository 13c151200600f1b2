import { inCluster } from './in-cluster.ts'
import { kubeconfig } from './kubeconfig.ts'
import type { Access } from './access.ts'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'

/** Access by the kubeconfig that is named, or else by the service account of the pod. Throws an `Error` that says what is missing. */
export function accessOf(settings: Settings, log: Logger): Promise<Access> {
  return settings.kubeconfig === undefined ? inCluster(settings.serviceAccount, process.env) : kubeconfig(settings.kubeconfig, log)
}
