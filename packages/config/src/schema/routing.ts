import { choice, duration, whole } from './scalars.ts'
import { defaulted, later, optional, section } from './keys.ts'

/** The balancers that can be chosen. */
export const loadBalance = (): ReturnType<typeof choice<'round-robin'>> =>
  choice(['round-robin'], ['least-requests', 'ewma', 'random', 'ring-hash', 'maglev', 'rendezvous'])

const retries = (): ReturnType<typeof whole> => whole({ min: 0, max: 100 })

const TIMEOUT = 'From the last byte of the request to the head of the answer, over all attempts. Never cuts a body that moves.'
const CONNECT = 'To establish one connection to an upstream.'
const IDLE = 'Longest silence while a body moves in either direction.'
const RETRIES = 'Additional attempts for idempotent requests, each at another instance, within `timeout`.'
const REPEAT = 'An upstream that fails under load gets more of it.'

/** Keys that are not available yet, for `routing` and for each upstream. */
export const laterRouting = {
  retry: later('When and how attempts are repeated.'),
  hedge: later('A second attempt before the first one failed.'),
  circuit_breaker: optional(
    section({
      failure_threshold: later('Consecutive failures that open the circuit.'),
      timeout: later('How long the circuit is open before a trial request.'),
      half_open_requests: later('Trial requests at a time.'),
    }),
    { description: 'Leaving alone what keeps failing.' },
  ),
  outlier_detection: later('Taking out instances that are worse than the others.'),
  concurrency: later('Requests at a time, and a queue for more.'),
  slow_start: later('Little traffic at first for a new instance.'),
}

/** The settings that `routing`, an upstream and a route share; the closest one wins. */
export const ownTimeouts = {
  timeout: optional(duration(), { description: TIMEOUT, otherwise: 'as `routing.timeout`' }),
  idle_timeout: optional(duration(), { description: IDLE, otherwise: 'as `routing.idle_timeout`' }),
  retries: optional(retries(), { description: RETRIES, otherwise: 'as `routing.retries`', risk: REPEAT }),
}

/** The connection belongs to an upstream, so a route does not have this one. */
export const ownConnectTimeout = optional(duration(), { description: CONNECT, otherwise: 'as `routing.connect_timeout`' })

export const routing = section({
  load_balance: defaulted(loadBalance(), 'round-robin', { description: 'How the instance for a request is chosen. Weights count.' }),
  timeout: defaulted(duration(), '30s', { description: TIMEOUT }),
  connect_timeout: defaulted(duration(), '2s', { description: CONNECT }),
  idle_timeout: defaulted(duration(), '60s', { description: IDLE }),
  retries: defaulted(retries(), 3, { description: RETRIES, risk: REPEAT }),
  ...laterRouting,
  zone: later('Preferring instances near by.'),
})
