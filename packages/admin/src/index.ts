export { createAdmin } from './app.ts'
export type { Admin } from './app.ts'
export type { AdminAuth, AdminOptions, MetricsSource, Reload, ReloadOutcome } from './options.ts'
