import { inCluster } from './in-cluster.ts'
import { kubeconfig } from './kubeconfig.ts'
import type { Access } from './access.ts'
import type { Logger } from '@octopus-gateway/core'

/** Which cluster, and as whom. */
export interface AccessOptions {
  /**
   * A kubeconfig file; its current context is used. Tokens and client certificates are understood, programs (`exec`) are not run. Default: the
   * service account of the pod.
   */
  readonly kubeconfig?: string | undefined
  /** The folder of the service account. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccount?: string | undefined
}

const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Access by the kubeconfig that is named, or else by the service account of the pod. Rejects with an `Outage` that says what is missing. */
export function accessOf({ kubeconfig: file, serviceAccount = MOUNTED }: AccessOptions, log: Logger): Promise<Access> {
  return file === undefined ? inCluster(serviceAccount, process.env) : kubeconfig(file, log)
}
