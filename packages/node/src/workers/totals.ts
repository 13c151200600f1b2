import { sumOfGone } from '@octopus-gateway/core'
import type { Gateway, HealthData, MetricsData } from '@octopus-gateway/core'
import type { Slot, WorkerStatus } from './slot.ts'

const STATES = ['starting', 'running', 'waiting', 'stopping', 'stopped'] as const

/** What the workers have told of themselves, added up. */
export class Totals {
  readonly #gateway: Gateway
  readonly #reports = new Map<Slot, MetricsData>()
  /** What workers that are gone had counted: a counter that goes back would be taken for a restart of everything. */
  #gone: MetricsData | null = null

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  keep(slot: Slot, metrics: MetricsData): void {
    this.#reports.set(slot, metrics)
  }

  gone(slot: Slot): void {
    const metrics = this.#reports.get(slot)
    if (metrics === undefined) return
    this.#reports.delete(slot)
    this.#gone = sumOfGone(this.#gone === null ? [metrics] : [this.#gone, metrics])
  }

  /** `silent` did not answer this time. */
  exposition(silent: readonly Slot[], workers: readonly WorkerStatus[]): string {
    return this.#gateway.metrics.exposition(this.#all) + workerLines(workers, silent)
  }

  get upstreams(): readonly HealthData[] {
    return this.#gateway.metrics.sum(this.#all).health
  }

  get #all(): MetricsData[] {
    return this.#gone === null ? [...this.#reports.values()] : [this.#gone, ...this.#reports.values()]
  }
}

function workerLines(workers: readonly WorkerStatus[], silent: readonly Slot[]): string {
  const isSilent = (worker: WorkerStatus): boolean => silent.some(({ number }) => number === worker.worker)
  const states = STATES.map((state) => [state, workers.filter((one) => one.state === state && !isSilent(one)).length] as const)
  const rows = [...states, ['silent', workers.filter(isSilent).length] as const]
  const restarts = workers.reduce((sum, one) => sum + one.restarts, 0)
  return (
    '# HELP octopus_workers Worker processes by state; "silent" ones did not answer this scrape, and count with what they told last.\n' +
    '# TYPE octopus_workers gauge\n' +
    rows.map(([state, count]) => `octopus_workers{state="${state}"} ${count}\n`).join('') +
    '# HELP octopus_worker_restarts_total Worker processes that took the place of one that had ended.\n' +
    '# TYPE octopus_worker_restarts_total counter\n' +
    `octopus_worker_restarts_total ${restarts}\n`
  )
}
