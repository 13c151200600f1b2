import type { SrvRecord } from 'node:dns'

/** Where an SRV record points to, in the gateway's terms. */
export interface Target {
  readonly host: string
  readonly port: number
  /** From 0, without gaps: higher ones get requests as far as lower ones are out. */
  readonly rank: number
  readonly weight: number
}

// The gateway knows priorities up to this.
const HIGHEST_RANK = 100
/** How often weights go into the smallest one that is not nothing. */
const SCALE = 100

/** The targets of SRV records, in order (RFC 2782). None where the only one is `.`, which says that there is no such service. */
export function targetsOf(records: readonly SrvRecord[]): Target[] {
  const real = records.filter(({ name }) => name !== '' && name !== '.')
  const priorities = [...new Set(real.map(({ priority }) => priority))].sort((a, b) => a - b)
  return real
    .map((record) => ({
      host: record.name.replace(/\.$/, '').toLowerCase(),
      port: record.port,
      rank: Math.min(priorities.indexOf(record.priority), HIGHEST_RANK),
      weight: weightOf(
        record.weight,
        real.filter(({ priority }) => priority === record.priority),
      ),
    }))
    .sort((a, b) => a.rank - b.rank || (a.host < b.host ? -1 : a.host > b.host ? 1 : a.port - b.port))
}

/** 0 among zeros is an equal share; among others "a very small chance", which the gateway's 0 is not. */
function weightOf(weight: number, group: readonly SrvRecord[]): number {
  const hasZeros = group.some((record) => record.weight === 0)
  if (!hasZeros) return weight
  return group.every((record) => record.weight === 0) ? 1 : Math.max(weight * SCALE, 1)
}
