export { seedsDiscovery } from './provider.ts'
export { seedsOptions } from './options.ts'
export type { SeedsOptions } from './options.ts'
