// Policies that need nothing from outside. Those that need a client of their own are packages (`@octopus-gateway/plugins-*`).
export { identity } from './auth/provider.ts'
export type { Authenticator, AuthProvider, Denial, Identity } from './auth/provider.ts'
