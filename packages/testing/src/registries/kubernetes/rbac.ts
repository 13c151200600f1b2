import { RESOURCES, type Target } from './resources.ts'
import type { KubernetesObject, Store } from './store.ts'

interface Rule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs?: readonly string[]
}

interface Binding extends KubernetesObject {
  readonly roleRef: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[]
}

const resource = (plural: string): (typeof RESOURCES)[number] => RESOURCES.find((one) => one.plural === plural)!

/** Whether the roles in the store let `system:serviceaccount:<namespace>:<name>` do this. Another user may do everything. */
export function isAllowed(store: Store, user: string, verb: string, target: Target): boolean {
  const [system, kind, namespace, name] = user.split(':')
  if (system !== 'system' || kind !== 'serviceaccount') return true
  const isBound = ({ subjects = [] }: Binding): boolean =>
    subjects.some((one) => one.kind === 'ServiceAccount' && one.name === name && one.namespace === namespace)
  const bindings = [
    ...store.list(resource('clusterrolebindings'), undefined),
    ...(target.namespace === undefined ? namespaceItself(store, target) : store.list(resource('rolebindings'), target.namespace)),
  ] as Binding[]
  return bindings.filter(isBound).some(({ roleRef, metadata }) => {
    const role =
      roleRef.kind === 'ClusterRole'
        ? store.get(resource('clusterroles'), undefined, roleRef.name)
        : store.get(resource('roles'), metadata.namespace, roleRef.name)
    return ((role?.['rules'] ?? []) as readonly Rule[]).some((rule) => covers(rule, verb, target))
  })
}

/** A namespace as an object lies in itself for roles. */
function namespaceItself(store: Store, { resource: asked, name }: Target): KubernetesObject[] {
  return asked.plural === 'namespaces' && name !== undefined ? store.list(resource('rolebindings'), name) : []
}

function covers(
  { apiGroups = [], resources = [], resourceNames, verbs = [] }: Rule,
  verb: string,
  { resource: asked, name }: Target,
): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value)
  const isNamed = resourceNames === undefined || (name !== undefined && resourceNames.includes(name))
  return has(apiGroups, asked.group) && has(resources, asked.plural) && has(verbs, verb) && isNamed
}
