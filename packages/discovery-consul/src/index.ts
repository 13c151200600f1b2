export { consulDiscovery } from './provider.ts'
export { consulOptions } from './options.ts'
export type { ConsulOptions } from './options.ts'
export type { TlsOptions as ConsulTls } from '@octopus-gateway/discovery-support'
