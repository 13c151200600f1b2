import { choice, duration, whole } from './scalars.ts'
import { defaulted, optional, required, section } from './keys.ts'
import { leaf, Refusal } from './leaf.ts'
import { text } from './texts.ts'
import { statusRanges, type Statuses } from '@octopus-gateway/core'
import type { Leaf } from './leaf.ts'

const FAILURES =
  'Failures in a row at one instance that open its circuit: no head in time, a broken connection, 502, 503 or 504. `none`: only connections that cannot be made open it.'
const OPEN = 'How long an open circuit keeps requests away before one tries the instance.'
const TRIALS = 'Requests that may try the instance at a time. A success closes the circuit, a failure opens it again.'
const ROW = 'Failures in a row that take an instance out, 500 included. `none`: a row is not looked at.'
const THRESHOLD = 'Percent of failures that is too much.'
const ENOUGH = 'Requests that an instance must have had in the interval before its share says anything.'
const WINDOW = 'The time over which shares are counted.'
const EJECTION = 'How long an instance is out the first time; each repeat is longer by as much, up to ten times.'
const MOST_OUT = 'Percent of the instances that may be out at a time. One may be in any case, and one always stays.'
const MAX = 'Requests at a time, over all instances; streams and tunnels count as long as they last. `none`: no limit.'
const QUEUE = 'Requests that wait for their turn; more are refused with 503.'
const PATIENCE = 'How long one waits before it is refused with 503.'

const breaker = 'Leaving alone what keeps failing.'
const outliers = 'Taking out instances that do worse than the others. Off where it is not written.'
const concurrency = 'Requests at a time, and a queue for more.'

const count = (most = 1_000_000): Leaf<number> => whole({ min: 1, max: most })
const percent = (): Leaf<number> => whole({ min: 1, max: 100, name: 'percentage' })

/** The same kind, or the word `none`: no number is enough. */
const orInfinite = ({ leaf: { name, json, parse } }: Leaf<number>): Leaf<number> =>
  leaf({
    name: `${name}, or none`,
    json: { anyOf: [{ const: 'none' }, json] },
    parse(value, shown) {
      if (value === 'none') return Infinity
      const parsed = parse(value, shown)
      return parsed instanceof Refusal ? new Refusal(`${parsed.message} (or none)`, parsed.code) : parsed
    },
  })

const RANGE = {
  anyOf: [
    { type: 'integer', minimum: 100, maximum: 599 },
    { type: 'string', pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$' },
  ],
}

/** A path that is asked for, perhaps with a query. */
const target = (): Leaf<string> =>
  leaf({
    name: 'path',
    text: true,
    json: { type: 'string', pattern: '^/' },
    parse: (value, shown) =>
      typeof value === 'string' && /^\/[\x21-\x7e]*$/.test(value)
        ? value
        : new Refusal(`must be a path such as /health, percent-encoded where it must be, not ${shown}`),
  })

/** `204`, `200-399`, or a list of such. */
const statuses = (): Leaf<Statuses> =>
  leaf({
    name: 'status or range, or a list of them',
    json: { anyOf: [...RANGE.anyOf, { type: 'array', items: RANGE, minItems: 1 }] },
    parse(value, shown) {
      const isOne = (one: unknown): one is number | string => typeof one === 'number' || typeof one === 'string'
      const wanted = new Refusal(`must be statuses such as 204, 200-399 or [200, 401-403], not ${shown}`)
      if (!isOne(value) && !(Array.isArray(value) && value.every(isOne))) return wanted
      try {
        statusRanges(value)
        return value
      } catch {
        return wanted
      }
    },
  })

const failureRate = () =>
  section({
    threshold: required(percent(), { description: THRESHOLD }),
    min_requests: defaulted(count(), 20, { description: ENOUGH }),
  })

/** How it is learnt which instances work, for all upstreams. */
export const health = {
  circuit_breaker: optional(
    section({
      failure_threshold: defaulted(orInfinite(count()), 5, { description: FAILURES }),
      timeout: defaulted(duration(), '60s', { description: OPEN }),
      half_open_requests: defaulted(count(1_000), 1, { description: TRIALS }),
    }),
    { description: breaker },
  ),
  outlier_detection: optional(
    section({
      consecutive_failures: defaulted(orInfinite(count()), 5, { description: ROW }),
      failure_rate: optional(failureRate(), {
        description: 'A share of failures that takes an instance out. Off where it is not written.',
      }),
      interval: defaulted(duration(), '10s', { description: WINDOW }),
      base_ejection: defaulted(duration(), '30s', { description: EJECTION }),
      max_ejected: defaulted(percent(), 10, { description: MOST_OUT }),
    }),
    { description: outliers },
  ),
  concurrency: optional(
    section({
      max: optional(orInfinite(count()), { description: MAX, otherwise: 'none' }),
      queue: optional(whole({ min: 0, max: 1_000_000 }), { description: QUEUE, otherwise: 'as many as `max`' }),
      queue_timeout: defaulted(duration(), '1s', { description: PATIENCE }),
    }),
    { description: concurrency },
  ),
}

const routing = (key: string): { readonly otherwise: string } => ({ otherwise: `as \`routing.${key}\`` })

/** The same for one upstream, and what only an upstream has. */
export const ownHealth = {
  circuit_breaker: optional(
    section({
      failure_threshold: optional(orInfinite(count()), { description: FAILURES, ...routing('circuit_breaker.failure_threshold') }),
      timeout: optional(duration(), { description: OPEN, ...routing('circuit_breaker.timeout') }),
      half_open_requests: optional(count(1_000), { description: TRIALS, ...routing('circuit_breaker.half_open_requests') }),
    }),
    { description: breaker },
  ),
  outlier_detection: optional(
    section({
      consecutive_failures: optional(orInfinite(count()), { description: ROW, ...routing('outlier_detection.consecutive_failures') }),
      failure_rate: optional(failureRate(), { description: 'A share of failures that takes an instance out.' }),
      interval: optional(duration(), { description: WINDOW, ...routing('outlier_detection.interval') }),
      base_ejection: optional(duration(), { description: EJECTION, ...routing('outlier_detection.base_ejection') }),
      max_ejected: optional(percent(), { description: MOST_OUT, ...routing('outlier_detection.max_ejected') }),
    }),
    { description: outliers },
  ),
  concurrency: optional(
    section({
      max: optional(orInfinite(count()), { description: MAX, ...routing('concurrency.max') }),
      queue: optional(whole({ min: 0, max: 1_000_000 }), { description: QUEUE, ...routing('concurrency.queue') }),
      queue_timeout: optional(duration(), { description: PATIENCE, ...routing('concurrency.queue_timeout') }),
    }),
    { description: concurrency },
  ),
  health_check: optional(
    section({
      type: defaulted(choice(['http', 'tcp', 'grpc']), 'http', {
        description:
          '`http`: a GET; `tcp`: a connection; `grpc`: a call of `grpc.health.v1.Health/Check`. As requests reach the instance, TLS included.',
      }),
      path: optional(target(), { description: 'Of `http`: what is asked for.', otherwise: '/health' }),
      interval: defaulted(duration(), '10s', { description: 'From one check to the next, give or take a tenth.' }),
      timeout: defaulted(duration(), '2s', { description: 'How long an answer may take.' }),
      healthy_threshold: defaulted(count(1_000), 2, { description: 'Good answers in a row that bring an instance back.' }),
      unhealthy_threshold: defaulted(count(1_000), 3, {
        description: 'Bad answers in a row that take an instance out. The first answer of a new instance decides alone.',
      }),
      statuses: optional(statuses(), { description: 'Of `http`: the statuses that are good.', otherwise: '200-399' }),
      body: optional(text(), {
        description: 'Of `http`: a text that a good answer has within its first 64 KiB.',
        otherwise: 'the body is not looked at',
      }),
      service: optional(text(), { description: 'Of `grpc`: the name of the service.', otherwise: 'the server as a whole' }),
    }),
    { description: 'Asking instances how they are. They are not asked where it is not written.' },
  ),
}
