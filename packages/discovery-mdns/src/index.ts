export { mdnsDiscovery } from './provider.ts'
export { mdnsOptions } from './options.ts'
export type { MdnsOptions } from './options.ts'
