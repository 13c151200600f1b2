import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { readFileSync } from 'node:fs'
import { renderChart, type Release, type Rendered } from './helm.ts'
import { root } from './process.ts'

/** Where the manifests of Kubernetes are, and the chart. */
export const MANIFESTS = join(root, 'deploy/kubernetes')
export const CHART = join(root, 'deploy/helm/octopus-gateway')

/** The objects of a file of YAML. */
export const objectsIn = (path: string): Rendered[] =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => (document as { toJS(): unknown }).toJS() as Rendered)

/** The objects that kustomize would make of the manifests. */
export function manifests(): Rendered[] {
  const { resources } = parse(readFileSync(join(MANIFESTS, 'kustomization.yaml'), 'utf8')) as { readonly resources: readonly string[] }
  return resources.flatMap((name) => objectsIn(join(MANIFESTS, name)))
}

/** A release of the chart in the namespace `shop`. */
export const release = (values: Release['values'] = {}): Release => ({ name: 'octopus-gateway', namespace: 'shop', values })

/** The objects of such a release. */
export const rendered = (values: Release['values'] = {}): Rendered[] => renderChart(CHART, release(values))

/** Values that together reach every branch of the chart's templates. */
export const VALUES: readonly (readonly [string, Release['values']])[] = [
  ['defaults', {}],
  ['another backend', { discovery: { backend: 'static' }, farp: { enabled: false } }],
  ['several backends', { discovery: { backends: ['kubernetes', 'dns'] }, admin: { exposed: true, existingSecret: 's' } }],
  ['a list of namespaces', { discovery: { kubernetes: { namespace: ['a', 'b'] } } }],
  ['nothing that is optional', { rbac: { create: false }, disruptionBudget: { enabled: false }, serviceAccount: { name: 'default' } }],
  [
    'all that can be said',
    {
      discovery: { kubernetes: { namespace: '*', labelSelector: 'a=b' } },
      admin: { exposed: true, existingSecret: 's' },
      config: { routing: { retries: 1 } },
      rbac: { pods: true, configMaps: true },
      service: { type: 'LoadBalancer', annotations: { a: 'b' } },
      serviceAccount: { annotations: { a: 'b' } },
      podAnnotations: { a: 'b' },
      nodeSelector: { c: 'd' },
      tolerations: [{ key: 'e', operator: 'Exists' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
          },
        },
      },
    },
  ],
]
