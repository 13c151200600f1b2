import { median, spread } from './statistics.mjs'

/** Ratios of pairs measured in the same round: how many times less CPU per request `subject` needs than `peer`. */
export function ratios(rounds, subject, peer) {
  return rounds
    .filter((round) => round[subject] && round[peer])
    .map((round) => round[peer].microsPerRequest / round[subject].microsPerRequest)
}

const metOf = (isMet) => (isMet ? 'met' : 'MISSED')

/** CPU per request beside a peer's: at least so many times less. Without a number the ratio is only recorded. */
function beside(what, scenario, subject, peers) {
  return Object.entries(peers).map(([peer, least]) => ({
    what: `${what}, x ${peer}`,
    scenario,
    budget: least === null ? 'recorded' : `at least ${least}`,
    figure({ rounds }) {
      const values = ratios(rounds, subject, peer)
      if (values.length === 0) return null
      return { text: spread(values), verdict: least === null ? 'recorded' : metOf(median(values) >= least) }
    },
  }))
}

/** A figure that must not be larger than `most`; `read` gives its values, of which the median counts, or `null`. */
function atMost(what, scenario, { most, unit, digits = 0, read }) {
  return {
    what,
    scenario,
    budget: `at most ${most} ${unit}`.trim(),
    figure(data) {
      const values = read(data)
      if (values === null || values.length === 0) return null
      const text = values.length === 1 ? values[0].toFixed(digits) : spread(values, digits)
      return { text: `${text} ${unit}`.trim(), verdict: metOf(median(values) <= most) }
    },
  }
}

const one = (value) => (value === null || value === undefined ? null : [value])
const added = (rounds, name) => rounds.filter((round) => round[name]).map((round) => round[name].p99 - round.direct.p99)

/** p99 added over the backend, beside what HAProxy adds. */
const latencyBudget = {
  what: 'p99 added over the backend at 3,000 requests/s, beside what HAProxy adds',
  scenario: 'latency',
  budget: 'at most 6 ms more',
  figure({ rounds }) {
    const [own, peer] = [added(rounds, 'octopus'), added(rounds, 'haproxy')]
    if (own.length === 0 || peer.length === 0) return null
    const more = median(own) - median(peer)
    return {
      text: `${median(own).toFixed(2)} ms, HAProxy ${median(peer).toFixed(2)} ms: ${more.toFixed(2)} ms more`,
      verdict: metOf(more <= 6),
    }
  },
}

/** Every budget: metrics and the access log are on unless it says otherwise. */
export const BUDGETS = [
  ...beside('GET 200 B, metrics and log off', 'get-200', 'octopus-plain', { nginx: 0.4, fastify: 2.5 }),
  ...beside('GET 200 B', 'get-200', 'octopus', { nginx: 0.34, fastify: 2.1, caddy: 1.5 }),
  ...beside('GET 200 B with request id, CORS, JWT (cached), rate limit', 'policies', 'octopus-policies', { nginx: 0.3, fastify: 1.9 }),
  ...beside('GET 200 B with auth (JWT), rate_limit, cors, compression', 'policies', 'octopus-four', { nginx: 0.28, fastify: 1.8 }),
  ...beside('POST 1 KiB', 'post-1k', 'octopus', { nginx: 0.34, fastify: 2.3 }),
  ...beside('GET 64 KiB', 'get-64k', 'octopus', { nginx: 0.5, fastify: 2 }),
  ...beside('GET 200 B, HTTPS/1.1 keep-alive', 'tls', 'octopus', { nginx: 0.38, caddy: 1.4, fastify: 2 }),
  ...beside('GET 200 B, web lane with one Hono middleware', 'get-200', 'octopus-web', { fastify: 1 }),
  ...beside('POST 1 KiB, web lane with one Hono middleware', 'post-1k', 'octopus-web', { fastify: 1 }),
  ...beside('GET 200 B, HTTP/2 over TLS', 'h2', 'octopus', { nginx: 0.28, caddy: 1.5, fastify: 1.9 }),
  ...beside('gRPC unary', 'grpc-unary', 'octopus', { nginx: 0.22, caddy: null }),
  ...beside('gRPC stream of 100 messages', 'grpc-stream', 'octopus', { nginx: 0.13, caddy: null }),
  ...beside('WebSocket echo, 100 B', 'websocket-100', 'octopus', { nginx: 0.45 }),
  ...beside('WebSocket echo, 16 KiB', 'websocket-16k', 'octopus', { nginx: 1 }),
  ...beside('Server-sent event, 1,000 streams', 'events', 'octopus', { nginx: 0.5 }),
  atMost('Memory of a stream of server-sent events', 'events', { most: 60, unit: 'KiB', read: ({ memory }) => one(memory?.octopus) }),
  atMost('Route match at 10,000 routes', 'routing', { most: 0.6, unit: 'us', digits: 2, read: (data) => at10k(data, 'matchMicros') }),
  atMost('Building a table of 10,000 routes', 'routing', { most: 200, unit: 'ms', read: (data) => at10k(data, 'buildMs') }),
  latencyBudget,
  atMost('Resident memory at start', 'memory', { most: 80, unit: 'MiB', read: ({ figures }) => one(figures.octopus?.atStart) }),
  atMost('Resident memory after load', 'memory', { most: 120, unit: 'MiB', read: ({ figures }) => one(figures.octopus?.loaded) }),
  atMost('Resident memory with 10,000 idle connections', 'memory', {
    most: 180,
    unit: 'MiB',
    read: ({ figures }) => one(figures.octopus?.idle),
  }),
  atMost('CPU per request of two workers, beside one', 'workers', {
    most: 1.1,
    unit: '',
    digits: 2,
    read: ({ rounds }) => ratios(rounds, 'octopus', 'octopus-2-workers').map((ratio) => ratio),
  }),
  atMost('p99 of requests while a table of 20,000 routes is rebuilt, above idle', 'rebuild', {
    most: 10,
    unit: 'ms',
    digits: 1,
    read: ({ rounds }) => rounds.map(({ idle, busy }) => busy - idle),
  }),
]

function at10k({ figures }, key) {
  return one(figures.find(({ count }) => count === 10_000)?.[key])
}
