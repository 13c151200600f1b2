import { worstOf } from './worst.ts'
import type { ConcurrencyStatus } from '../upstream/upstream.ts'
import type { EndpointStatus, HealthCounts } from '../upstream/endpoint-state.ts'
import type { HealthFigures } from './health-lines.ts'

/** What the exposition asks of an upstream, as plain data. */
export interface HealthData {
  readonly name: string
  readonly isChecked: boolean
  readonly counts: Readonly<HealthCounts>
  readonly concurrency: ConcurrencyStatus | null
  readonly endpoints: readonly EndpointStatus[]
}

/** An upstream at this moment. */
export function healthData(upstream: HealthFigures, now: number): HealthData {
  const { name, isChecked, counts, concurrency } = upstream
  return {
    name,
    isChecked,
    counts: { ...counts },
    concurrency: concurrency === null ? null : { ...concurrency },
    endpoints: upstream.status(now),
  }
}

/** The same again, for who makes lines of it. */
export function figuresOf({ endpoints, ...data }: HealthData): HealthFigures {
  return { ...data, status: () => endpoints }
}

/** One upstream as two gateways have it: counts and load added up, the worst state of each endpoint. */
export function together(a: HealthData, b: HealthData): HealthData {
  return {
    name: a.name,
    isChecked: a.isChecked || b.isChecked,
    counts: {
      opened: a.counts.opened + b.counts.opened,
      unreachable: a.counts.unreachable + b.counts.unreachable,
      ejected: a.counts.ejected + b.counts.ejected,
      goodChecks: a.counts.goodChecks + b.counts.goodChecks,
      badChecks: a.counts.badChecks + b.counts.badChecks,
    },
    concurrency:
      a.concurrency === null || b.concurrency === null ? (a.concurrency ?? b.concurrency) : bothLoads(a.concurrency, b.concurrency),
    endpoints: worstOf([a.endpoints, b.endpoints]),
  }
}

function bothLoads(a: ConcurrencyStatus, b: ConcurrencyStatus): ConcurrencyStatus {
  return {
    max: a.max + b.max,
    active: a.active + b.active,
    queued: a.queued + b.queued,
    refused: a.refused + b.refused,
    timedOut: a.timedOut + b.timedOut,
  }
}

/** What stays of it when its gateway is gone: what was counted, and nothing that is. */
export function remains(data: HealthData): HealthData {
  const { concurrency } = data
  return { ...data, concurrency: concurrency === null ? null : { ...concurrency, max: 0, active: 0, queued: 0 }, endpoints: [] }
}
