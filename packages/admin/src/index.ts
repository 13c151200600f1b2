export { createAdmin } from './app.ts'
export type { Admin } from './app.ts'
export type { AdminAuth, AdminOptions, MetricsSource, Reload, ReloadOutcome, WorkersView, WorkerView } from './options.ts'
