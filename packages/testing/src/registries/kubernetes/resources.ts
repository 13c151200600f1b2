/** A kind of object that the API server keeps. */
export interface Resource {
  /** The API group, empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** The name in paths. */
  readonly plural: string
  readonly isNamespaced: boolean
}

const inNamespace = (group: string, kind: string, plural: string): Resource => ({ group, version: 'v1', kind, plural, isNamespaced: true })
const inCluster = (group: string, kind: string, plural: string): Resource => ({ group, version: 'v1', kind, plural, isNamespaced: false })

const RBAC = 'rbac.authorization.k8s.io'

/** What gateways watch, and what a deployment of one is made of. */
export const RESOURCES: readonly Resource[] = [
  inCluster('', 'Namespace', 'namespaces'),
  inNamespace('', 'Service', 'services'),
  inNamespace('', 'Pod', 'pods'),
  inNamespace('', 'ConfigMap', 'configmaps'),
  inNamespace('', 'ServiceAccount', 'serviceaccounts'),
  inNamespace('discovery.k8s.io', 'EndpointSlice', 'endpointslices'),
  inNamespace('apps', 'Deployment', 'deployments'),
  inNamespace('policy', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  inNamespace(RBAC, 'Role', 'roles'),
  inNamespace(RBAC, 'RoleBinding', 'rolebindings'),
  inCluster(RBAC, 'ClusterRole', 'clusterroles'),
  inCluster(RBAC, 'ClusterRoleBinding', 'clusterrolebindings'),
]

/** `v1`, `apps/v1`. */
export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`)

/** The resource that an object is one of. Throws where the server keeps no such kind. */
export function resourceOf(object: { readonly apiVersion: string; readonly kind: string }): Resource {
  const found = RESOURCES.find((resource) => resource.kind === object.kind && apiVersionOf(resource) === object.apiVersion)
  if (found === undefined) throw new Error(`This API server keeps no ${object.apiVersion} ${object.kind}.`)
  return found
}

/** What a path asks for. */
export interface Target {
  readonly resource: Resource
  /** `undefined` for all namespaces. */
  readonly namespace: string | undefined
  /** `undefined` for the collection. */
  readonly name: string | undefined
}

/** Reads `/api/v1/namespaces/shop/services/users` and the like; `undefined` for any other path. */
export function targetOf(path: string): Target | undefined {
  const parts = path.split('/').slice(1).map(decodeURIComponent)
  const [root, first = '', second = ''] = parts
  const [group, version, rest] = root === 'api' ? ['', first, parts.slice(2)] : [first, second, parts.slice(3)]
  if (root !== 'api' && root !== 'apis') return undefined
  const find = (plural: string | undefined): Resource | undefined =>
    RESOURCES.find((one) => one.group === group && one.version === version && one.plural === plural)
  if (rest[0] === 'namespaces' && rest.length > 2) {
    const resource = find(rest[2])
    return resource?.isNamespaced !== true || rest.length > 4 ? undefined : { resource, namespace: rest[1], name: rest[3] }
  }
  const resource = find(rest[0])
  if (resource === undefined || rest.length > 2 || (rest.length === 2 && resource.isNamespaced)) return undefined
  return { resource, namespace: undefined, name: rest[1] }
}

const ALL_VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']

/** What clients ask first to learn which kinds there are; `undefined` for other paths. */
export function discoveryAnswer(path: string): unknown {
  if (path === '/version') return { major: '1', minor: '32', gitVersion: 'v1.32.0', platform: 'linux/amd64' }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] }
  const groups = [...new Set(RESOURCES.map(({ group }) => group))].filter((group) => group !== '')
  if (path === '/apis') {
    const versions = (group: string): object[] => [{ groupVersion: `${group}/v1`, version: 'v1' }]
    const list = groups.map((name) => ({ name, versions: versions(name), preferredVersion: versions(name)[0] }))
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: list }
  }
  const group = path === '/api/v1' ? '' : groups.find((name) => path === `/apis/${name}/v1`)
  if (group === undefined) return undefined
  const resources = RESOURCES.filter((one) => one.group === group).map(({ plural, kind, isNamespaced }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced: isNamespaced,
    kind,
    verbs: ALL_VERBS,
  }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? 'v1' : `${group}/v1`, resources }
}
