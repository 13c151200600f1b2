import * as v from 'valibot'

/** Which cluster, and what of it. */
export interface KubernetesOptions {
  /**
   * The namespace to watch, several, or `'*'` for all of them. Services of one namespace go by their names; where there are several, by `name.namespace`, so
   * that nobody takes over a name from another namespace. Default: the namespace of the gateway's own pod, or of the kubeconfig's context.
   */
  readonly namespace?: string | readonly string[]
  /** Which Services take part, by their labels: `app.kubernetes.io/part-of=octopus`. Default: all of them. */
  readonly labelSelector?: string
  /**
   * A kubeconfig file; its current context is used. Tokens and client certificates are understood, programs (`exec`) are not run. Default: the
   * service account of the pod.
   */
  readonly kubeconfig?: string
  /**
   * The name of the port that is used. A Service without such a port does not take part. The annotation `farp.port` of a Service comes before it.
   * Default: the port named `http`, or else `https`, or else the first one.
   */
  readonly portName?: string
  /** Whether endpoints that are not ready get traffic like those that are. Default false. */
  readonly includeNotReady?: boolean
  /** The folder of the service account. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccount?: string
}

/** Options, checked. */
export interface Settings extends KubernetesOptions {
  readonly includeNotReady: boolean
  readonly serviceAccount: string
}

const name = v.pipe(v.string(), v.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'write the name of a namespace, or "*" for all of them'))
const text = v.pipe(v.string(), v.nonEmpty('write a text that is not empty, or leave it out'))

export const kubernetesOptions: v.GenericSchema<KubernetesOptions, Settings> = v.strictObject({
  namespace: v.exactOptional(
    v.union([v.literal('*'), name, v.pipe(v.array(name), v.minLength(1))], 'write the name of a namespace, a list of them, or "*"'),
  ),
  labelSelector: v.exactOptional(text),
  kubeconfig: v.exactOptional(text),
  portName: v.exactOptional(text),
  includeNotReady: v.exactOptional(v.boolean(), false),
  serviceAccount: v.exactOptional(text, '/var/run/secrets/kubernetes.io/serviceaccount'),
})
