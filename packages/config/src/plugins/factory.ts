import type { AuthProvider } from '@octopus-gateway/core/plugins'
import type { Plugin, PluginFactory, StandardSchemaV1 } from '@octopus-gateway/core'

/**
 * A factory of plugins. One with `provider` can tell who a caller is, and serves `auth` instead of standing alone; it is then told the name that it has in
 * the configuration.
 */
export type Factory = PluginFactory<StandardSchemaV1> & { readonly provider?: (config: unknown, name?: string) => AuthProvider }

/** Whether this was made with `definePlugin`, by whatever copy of it. */
export function isFactory(value: unknown): value is Factory {
  if (typeof value !== 'function') return false
  const { pluginName, config } = value as unknown as { readonly pluginName?: unknown; readonly config?: Partial<StandardSchemaV1> | null }
  return typeof pluginName === 'string' && typeof config?.['~standard']?.validate === 'function'
}

/** Whether this is a plugin that is ready for a gateway. */
export function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== 'object' || value === null) return false
  const plugin = value as { readonly [K in keyof Plugin]?: unknown }
  return typeof plugin.name === 'string' && typeof plugin.identity === 'object' && typeof plugin.setup === 'function'
}
