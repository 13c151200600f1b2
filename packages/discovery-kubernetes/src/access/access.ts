import { inCluster } from './in-cluster.ts'
import { kubeconfig } from './kubeconfig.ts'
import type { Logger } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'
import type { TlsContext } from '@octopus-gateway/discovery-support'

/** How the API server is reached, and as whom. */
export interface Access {
  readonly server: URL
  readonly tls: TlsContext
  /** The bearer token as it is now: service accounts get a new one every hour. */
  token(): Promise<string | undefined>
  /** Where the gateway itself is. */
  readonly namespace: string
  /** Where to look when the server refuses who asks. */
  readonly remedy: string
}

/** Access by the kubeconfig that is named, or else by the service account of the pod. Throws an `Error` that says what is missing. */
export function accessOf(settings: Settings, log: Logger): Promise<Access> {
  return settings.kubeconfig === undefined ? inCluster(settings.serviceAccount, process.env) : kubeconfig(settings.kubeconfig, log)
}
