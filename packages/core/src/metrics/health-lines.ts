import { describe, labelValue } from './registry.ts'
import type { ConcurrencyStatus } from '../upstream/upstream.ts'
import type { EndpointStatus, HealthCounts } from '../upstream/endpoint-state.ts'

/** What the exposition asks of an upstream. */
export interface HealthFigures {
  readonly name: string
  /** Whether its endpoints are asked how they are. */
  readonly isChecked: boolean
  readonly counts: Readonly<HealthCounts>
  readonly concurrency: ConcurrencyStatus | null
  status(now: number): readonly EndpointStatus[]
}

const CIRCUIT = { closed: 0, 'half-open': 1, open: 2 } as const
const STATES = ['available', 'half-open', 'out'] as const

/** One metric: its lines are made for every upstream that has something to say. */
interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** Further labels and values; none where it does not apply. */
  series(upstream: HealthFigures, endpoints: readonly EndpointStatus[]): readonly (readonly [labels: string, value: number])[]
}

const METRICS: readonly Metric[] = [
  {
    name: 'octopus_circuit_breaker_state',
    type: 'gauge',
    help: 'Worst breaker of an upstream: 0 closed, 1 half-open, 2 open.',
    series: (_upstream, endpoints) => [['', Math.max(0, ...endpoints.map(({ circuit }) => CIRCUIT[circuit]))]],
  },
  {
    name: 'octopus_circuit_breaker_opened_total',
    type: 'counter',
    help: 'Circuits opened: because requests failed, or because a connection could not be made.',
    series: ({ counts }) => [
      [',reason="failing"', counts.opened],
      [',reason="unreachable"', counts.unreachable],
    ],
  },
  {
    name: 'octopus_upstream_endpoints',
    type: 'gauge',
    help: 'Endpoints of an upstream by state.',
    series: (_upstream, endpoints) =>
      STATES.map((state) => [`,state="${state}"`, endpoints.filter((endpoint) => endpoint.state === state).length]),
  },
  {
    name: 'octopus_upstream_ejections_total',
    type: 'counter',
    help: 'Endpoints left out because they did worse than the others.',
    series: ({ counts }) => [['', counts.ejected]],
  },
  {
    name: 'octopus_health_checks_total',
    type: 'counter',
    help: 'Active checks by what their answer was.',
    series: ({ isChecked, counts }) =>
      isChecked
        ? [
            [',result="good"', counts.goodChecks],
            [',result="bad"', counts.badChecks],
          ]
        : [],
  },
  {
    name: 'octopus_upstream_concurrent_requests',
    type: 'gauge',
    help: 'Requests under way at upstreams that have a limit for them.',
    series: ({ concurrency }) => (concurrency === null ? [] : [['', concurrency.active]]),
  },
  {
    name: 'octopus_upstream_queued_requests',
    type: 'gauge',
    help: 'Requests that wait for their turn.',
    series: ({ concurrency }) => (concurrency === null ? [] : [['', concurrency.queued]]),
  },
  {
    name: 'octopus_upstream_overload_total',
    type: 'counter',
    help: 'Requests refused because too many were under way: with a full queue, or after their time in it.',
    series: ({ concurrency }) =>
      concurrency === null
        ? []
        : [
            [',reason="full"', concurrency.refused],
            [',reason="timeout"', concurrency.timedOut],
          ],
  },
]

/** The lines of all metrics of health. */
export function healthLines(upstreams: readonly HealthFigures[]): string {
  const now = performance.now()
  const asked = upstreams.map((upstream) => [upstream, upstream.status(now)] as const)
  let text = ''
  for (const { name, type, help, series } of METRICS) {
    text += describe(name, type, help)
    for (const [upstream, endpoints] of asked) {
      for (const [labels, value] of series(upstream, endpoints))
        text += `${name}{upstream=${labelValue(upstream.name)}${labels}} ${value}\n`
    }
  }
  return text
}
