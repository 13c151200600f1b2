// What implementations of the ports of this package are checked with.
export { testDiscoveryProvider } from './discovery.ts'
export type { Registered, RegistryUnderTest } from './discovery.ts'
export { storeChecks } from './store.ts'
export type { OpenedStore, StoreCheck } from './store.ts'
