import * as v from 'valibot'
import { text } from '@octopus-gateway/discovery-support'
import type { AccessOptions } from '@octopus-gateway/kubernetes-client'

/** Which cluster, and what of it. */
export interface KubernetesOptions extends AccessOptions {
  /**
   * The namespace to watch, several, or `'*'` for all of them. Services of one namespace go by their names; where there are several, by `name.namespace`, so
   * that nobody takes over a name from another namespace. Default: the namespace of the gateway's own pod, or of the kubeconfig's context.
   */
  readonly namespace?: string | readonly string[] | undefined
  /** Which Services take part, by their labels: `app.kubernetes.io/part-of=octopus`. Default: all of them. */
  readonly labelSelector?: string | undefined
  /**
   * The name of the port that is used. A Service without such a port does not take part. The annotation `farp.port` of a Service comes before it.
   * Default: the port named `http`, or else `https`, or else the first one.
   */
  readonly portName?: string | undefined
  /** Whether endpoints that are not ready get traffic like those that are. Default false. */
  readonly includeNotReady?: boolean | undefined
}

const name = v.pipe(v.string(), v.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'write the name of a namespace, or "*" for all of them'))
const names = v.union(
  [v.literal('*'), name, v.pipe(v.array(name), v.minLength(1))],
  'write the name of a namespace, a list of them, or "*"',
)

const schema = v.optional(
  v.strictObject({
    namespace: v.optional(names),
    labelSelector: v.optional(text),
    kubeconfig: v.optional(text),
    portName: v.optional(text),
    includeNotReady: v.optional(v.boolean(), false),
    serviceAccount: v.optional(text),
  }),
  {},
)

/** Options with their defaults. */
export type Settings = v.InferOutput<typeof schema>

// The options are read-only, which the type of a list's schema cannot say.
export const kubernetesOptions = schema as v.GenericSchema<KubernetesOptions | undefined, Settings>
