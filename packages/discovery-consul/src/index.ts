export { consulDiscovery } from './provider.ts'
export { consulOptions } from './options.ts'
export type { ConsulOptions, ConsulTls } from './options.ts'
