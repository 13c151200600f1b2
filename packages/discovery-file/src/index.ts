export { fileDiscovery } from './provider.ts'
export { fileOptions } from './options.ts'
export type { FileOptions } from './options.ts'
