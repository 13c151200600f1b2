export { testDiscoveryProvider } from './discovery.ts'
export type { Registered, RegistryUnderTest } from './discovery.ts'
