export { dnsDiscovery } from './provider.ts'
export { dnsOptions } from './options.ts'
export type { DnsName, DnsOptions } from './options.ts'
