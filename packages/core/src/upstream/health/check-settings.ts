import { countIssues, durationIssues, invalid } from './settings-issues.ts'
import { toMilliseconds } from '../../time.ts'
import type { ConfigIssue } from '../../errors.ts'
import type { Duration } from '../../time.ts'

/** How an endpoint is asked: a request, a connection, or a call of `grpc.health.v1.Health/Check`. */
export type CheckType = 'http' | 'tcp' | 'grpc'

/** How the endpoints of an upstream are asked how they are. */
export interface HealthCheckSettings {
  /** Default `http`. */
  readonly type?: CheckType
  /** Of `http`: what is asked for, with GET. Default `/health`. */
  readonly path?: string
  /** From one check to the next, give or take a tenth. Default 10s. */
  readonly interval?: Duration
  /** How long an answer may take. Default 2s. */
  readonly timeout?: Duration
  /** Good answers in a row that bring an endpoint back. Default 2. */
  readonly healthyThreshold?: number
  /** Bad answers in a row that take it out. Default 3. The first answer of a new endpoint decides alone. */
  readonly unhealthyThreshold?: number
  /** Of `http`: the statuses that are good, as `204`, `200-399`, or a list of such. Default `200-399`. */
  readonly statuses?: Statuses
  /** Of `http`: a text that a good answer has within its first 64 KiB. Default: the body is not looked at. */
  readonly body?: string
  /** Of `grpc`: the name of the service that is asked for. Default: the server as a whole. */
  readonly service?: string
}

/** A status, a range of them, or a list of both. */
export type Statuses = number | string | readonly (number | string)[]

/** The same, complete, in milliseconds. Plain data. */
export interface CheckPolicy {
  readonly type: CheckType
  readonly path: string
  readonly interval: number
  readonly timeout: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
  /** Ranges, both ends included. */
  readonly statuses: readonly (readonly [number, number])[]
  readonly body: string | null
  readonly service: string
}

const TYPES: readonly string[] = ['http', 'tcp', 'grpc']

/** Complete settings; `null` without any. */
export function checkPolicy(settings: HealthCheckSettings | undefined): CheckPolicy | null {
  if (settings === undefined) return null
  const { type = 'http', path = '/health', statuses = '200-399', body = null, service = '' } = settings
  return {
    type,
    path,
    interval: toMilliseconds(settings.interval ?? '10s'),
    timeout: toMilliseconds(settings.timeout ?? '2s'),
    healthyThreshold: settings.healthyThreshold ?? 2,
    unhealthyThreshold: settings.unhealthyThreshold ?? 3,
    statuses: statusRanges(statuses),
    body,
    service,
  }
}

/** Everything wrong with it. */
export function checkIssues(settings: HealthCheckSettings | undefined, path: string): ConfigIssue[] {
  if (settings === undefined) return []
  const { type = 'http' } = settings
  const issues: ConfigIssue[] = []
  if (!TYPES.includes(type)) issues.push(invalid(`${path}.type`, `"${String(type)}" is not one of ${TYPES.join(', ')}.`))
  for (const key of ['path', 'statuses', 'body', 'service'] as const) {
    const owner = key === 'service' ? 'grpc' : 'http'
    if (settings[key] !== undefined && type !== owner)
      issues.push({ code: 'conflicting_keys', path: `${path}.${key}`, message: `A check of type ${type} does not look at it: remove it.` })
  }
  if (settings.path !== undefined && !/^\/[\x21-\x7e]*$/.test(settings.path))
    issues.push(invalid(`${path}.path`, `"${settings.path}" is not a path: write /health, percent-encoded where it must be.`))
  if (settings.body === '') issues.push(invalid(`${path}.body`, 'Every answer has the empty text: leave it out.'))
  try {
    statusRanges(settings.statuses ?? [200])
  } catch (thrown) {
    issues.push(invalid(`${path}.statuses`, (thrown as Error).message))
  }
  return [
    ...issues,
    ...durationIssues(settings.interval, `${path}.interval`),
    ...durationIssues(settings.timeout, `${path}.timeout`),
    ...countIssues(settings.healthyThreshold, `${path}.healthyThreshold`, { least: 1, most: 1_000 }),
    ...countIssues(settings.unhealthyThreshold, `${path}.unhealthyThreshold`, { least: 1, most: 1_000 }),
  ]
}

/** Ranges of statuses. Throws `TypeError` with what is wrong. */
export function statusRanges(statuses: Statuses): [number, number][] {
  const list = typeof statuses === 'object' ? statuses : [statuses]
  if (list.length === 0) throw new TypeError('The list is empty: leave it out for the default.')
  return list.map((one) => {
    const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(one))
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (match === null || last < first) throw new TypeError(`"${one}" is not a status or a range: write 204 or 200-399.`)
    return [first, last]
  })
}
