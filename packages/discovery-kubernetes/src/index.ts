export { kubernetesDiscovery } from './provider.ts'
export { kubernetesOptions } from './options.ts'
export type { KubernetesOptions } from './options.ts'
