export { eurekaDiscovery } from './provider.ts'
export { eurekaOptions } from './options.ts'
export type { EurekaOptions, EurekaRegister } from './options.ts'
