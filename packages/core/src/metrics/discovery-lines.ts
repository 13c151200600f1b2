import { describe, labelValue } from './registry.ts'
import type { ProviderStatus } from '../discovery/provider.ts'

/** The metrics of discovery providers. Of several with one name the worst is told. */
export function discoveryLines(providers: readonly ProviderStatus[]): string {
  const byName = new Map<string, ProviderStatus[]>()
  for (const provider of providers) byName.set(provider.name, [...(byName.get(provider.name) ?? []), provider])
  const lines = (name: string, value: (group: readonly ProviderStatus[]) => number): string =>
    [...byName].map(([provider, group]) => `${name}{provider=${labelValue(provider)}} ${value(group)}\n`).join('')
  return (
    describe('octopus_discovery_up', 'gauge', 'Whether a discovery provider can be reached: 1, or 0 while its last instances are kept.') +
    lines('octopus_discovery_up', (group) => (group.every(({ state }) => state === 'synced') ? 1 : 0)) +
    describe('octopus_discovery_instances', 'gauge', 'Instances that a discovery provider knows.') +
    lines('octopus_discovery_instances', (group) => group.reduce((sum, { instances }) => sum + instances, 0)) +
    describe(
      'octopus_discovery_last_sync_timestamp_seconds',
      'gauge',
      'Unix time of the last set that a discovery provider told; 0 before the first.',
    ) +
    lines('octopus_discovery_last_sync_timestamp_seconds', (group) => Math.min(...group.map(({ syncedAt }) => (syncedAt ?? 0) / 1000)))
  )
}
