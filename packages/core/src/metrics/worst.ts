import type { EndpointStatus } from '../upstream/endpoint-state.ts'

const RANKS: Readonly<Record<EndpointStatus['state'], number>> = { available: 0, 'half-open': 1, out: 2 }

/** What several gateways see of one upstream's endpoints, as one: load added up, of everything else the worst. */
export function worstOf(lists: readonly (readonly EndpointStatus[])[]): EndpointStatus[] {
  const byId = new Map<string, EndpointStatus>()
  for (const status of lists.flat()) {
    const before = byId.get(status.id)
    byId.set(status.id, before === undefined ? status : together(before, status))
  }
  return [...byId.values()]
}

function together(a: EndpointStatus, b: EndpointStatus): EndpointStatus {
  const worst = isWorse(b, a) ? b : a
  return {
    ...worst,
    active: a.active + b.active,
    failures: Math.max(a.failures, b.failures),
    cuts: Math.max(a.cuts, b.cuts),
    refusals: Math.max(a.refusals, b.refusals),
    ejections: Math.max(a.ejections, b.ejections),
  }
}

function isWorse(a: EndpointStatus, b: EndpointStatus): boolean {
  const [left, right] = [RANKS[a.state], RANKS[b.state]]
  return left === right ? (a.outForMs ?? Infinity) > (b.outForMs ?? Infinity) : left > right
}
