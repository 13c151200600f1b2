import { inCluster } from './in-cluster.ts'
import { kubeconfig } from './kubeconfig.ts'
import type { Logger } from '@octopus-gateway/core'
import type { TlsContext } from '@octopus-gateway/discovery-support'

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

/** How the API server is reached, and as whom. */
export interface Access {
  readonly server: URL
  readonly tls: TlsContext
  /** The bearer token as it is now: service accounts get a new one every hour. */
  token(): Promise<string | undefined>
  /** Where whoever asks is. */
  readonly namespace: string
  /** Where to look when the server refuses who asks. */
  readonly remedy: string
}

const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Access by the kubeconfig that is named, or else by the service account of the pod. Rejects with an `Outage` that says what is missing. */
export function accessOf({ kubeconfig: file, serviceAccount = MOUNTED }: AccessOptions, log: Logger): Promise<Access> {
  return file === undefined ? inCluster(serviceAccount, process.env) : kubeconfig(file, log)
}
