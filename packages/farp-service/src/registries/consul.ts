import type { ServiceRecord } from './record.ts'

/**
 * `Meta` for a Consul agent's service. Consul allows letters, digits, `_` and `-` in keys of at most 128 characters, values of at most 512 and 64
 * pairs: dots become `_`, and what does not fit is left out. Register `record.tags` with it: readers look for the tag `farp`.
 */
export function consulMeta({ metadata, version }: ServiceRecord): Record<string, string> {
  const pairs = Object.entries({ ...metadata, version })
    .map(([name, value]) => [name.replaceAll(/[^A-Za-z0-9_-]/g, '_'), value] as const)
    // Consul keeps names with this prefix for itself.
    .filter(([name, value]) => name.length <= 128 && !name.startsWith('consul-') && [...value].length <= 512)
  return Object.fromEntries(pairs.slice(0, 64))
}
