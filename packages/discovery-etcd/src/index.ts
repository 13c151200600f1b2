export { etcdDiscovery } from './provider.ts'
export { etcdOptions } from './options.ts'
export type { EtcdOptions, EtcdTls } from './options.ts'
