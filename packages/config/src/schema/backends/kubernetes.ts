import { defaulted, optional, section } from '../keys.ts'
import { flag } from '../scalars.ts'
import { leaf, Refusal, type Leaf } from '../leaf.ts'
import { text } from '../texts.ts'

export const kubernetes = optional(
  section({
    namespace: optional(namespaces(), {
      description:
        'The namespace to watch, a list of them, or `"*"` for all. Services of one namespace go by their names; where there are several, by `name.namespace`.',
      otherwise: "the namespace of the gateway's pod, or of the kubeconfig's context",
      risk: 'Whoever may create Services in a watched namespace has them found.',
    }),
    label_selector: optional(text('label selector'), {
      description: 'Which Services take part, by their labels: `app.kubernetes.io/part-of=octopus`.',
      otherwise: 'all of them',
    }),
    kubeconfig: optional(text('file'), {
      description:
        'File with the access to the cluster; its current context is used. Tokens and client certificates are understood, programs (`exec`) are not run.',
      otherwise: 'the service account of the pod',
    }),
    port_name: optional(text(), {
      description: 'The name of the port that is used. A Service without one does not take part. Its annotation `farp.port` comes first.',
      otherwise: '`http`, or else `https`, or else the first one',
    }),
    include_not_ready: defaulted(flag(), false, {
      description: 'Whether endpoints that are not ready get traffic, too.',
      risk: 'Only health checks of the gateway keep requests from pods that are starting.',
    }),
  }),
  { description: 'Services of a cluster.' },
)

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/** A namespace, several, or all. */
function namespaces(): Leaf<string | readonly string[]> {
  const one = { type: 'string', minLength: 1 }
  return leaf<string | readonly string[]>({
    name: 'namespace, list of them, or `"*"`',
    text: true,
    json: { anyOf: [one, { type: 'array', items: one, minItems: 1 }] },
    parse(value, shown) {
      const isName = (item: unknown): item is string => typeof item === 'string' && NAME.test(item)
      if (value === '*' || isName(value)) return value
      if (Array.isArray(value) && value.length > 0 && value.every(isName)) return value
      const hint = Array.isArray(value) && value.includes('*') ? '; write "*" alone for all of them' : ''
      return new Refusal(`must be the name of a namespace, a list of them, or "*", not ${shown}${hint}`)
    },
  })
}
