export { etcdDiscovery } from './provider.ts'
export { etcdOptions } from './options.ts'
export type { EtcdOptions } from './options.ts'
export type { TlsOptions as EtcdTls } from '@octopus-gateway/discovery-support'
