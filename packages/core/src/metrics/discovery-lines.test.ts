import { discoveryLines } from './discovery-lines.ts'
import { expect, test } from 'vitest'
import type { ProviderStatus } from '../discovery/provider.ts'

const status = (name: string, state: ProviderStatus['state'], instances: number, syncedAt: number | null): ProviderStatus => ({
  name,
  state,
  instances,
  syncedAt,
  error: state === 'failing' ? 'down' : null,
})

test('whether a provider can be reached, what it knows, and since when that is so; of several with one name the worst', () => {
  const text = discoveryLines([
    status('consul', 'synced', 2, 1_700_000_000_500),
    status('dns', 'failing', 3, 1_600_000_000_000),
    status('file', 'starting', 0, null),
    status('seeds', 'synced', 1, 1_700_000_000_000),
    status('seeds', 'failing', 4, 1_650_000_000_000),
  ])
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'octopus_discovery_up{provider="consul"} 1',
    'octopus_discovery_up{provider="dns"} 0',
    'octopus_discovery_up{provider="file"} 0',
    'octopus_discovery_up{provider="seeds"} 0',
    'octopus_discovery_instances{provider="consul"} 2',
    'octopus_discovery_instances{provider="dns"} 3',
    'octopus_discovery_instances{provider="file"} 0',
    'octopus_discovery_instances{provider="seeds"} 5',
    'octopus_discovery_last_sync_timestamp_seconds{provider="consul"} 1700000000.5',
    'octopus_discovery_last_sync_timestamp_seconds{provider="dns"} 1600000000',
    'octopus_discovery_last_sync_timestamp_seconds{provider="file"} 0',
    'octopus_discovery_last_sync_timestamp_seconds{provider="seeds"} 1650000000',
  ])
})
