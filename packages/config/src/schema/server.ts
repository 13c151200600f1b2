import { bytes, duration, flag, orAuto, orNone, port, whole } from './scalars.ts'
import { cidr, host, probePath } from './texts.ts'
import { defaulted, list, optional, section } from './keys.ts'

const timeouts = section({
  header: defaulted(duration(), '10s', {
    description: 'How long a client may take to send the head of a request.',
    risk: 'A long time lets slow clients hold connections.',
  }),
  idle: defaulted(duration(), '60s', { description: 'How long a connection may stand still in the middle of an exchange.' }),
  keep_alive: defaulted(duration(), '75s', {
    description: 'How long an idle connection is kept for the next request.',
    risk: 'Shorter than that of a balancer in front, it resets requests that are just arriving.',
  }),
  request_body: optional(orNone(duration()), {
    description: 'How long a whole request body may take.',
    otherwise: 'none',
    risk: 'With a limit, a large upload over a slow line is cut.',
  }),
})

const limits = section({
  uri: defaulted(bytes(), '8KiB', {
    description: 'Longest request target; a longer one is answered 414, or 431 when it is longer than `uri` and `headers` together.',
  }),
  headers: defaulted(bytes(), '16KiB', { description: 'All header fields of a request together; more is answered 431.' }),
  header_count: defaulted(whole({ min: 1, max: 10_000 }), 100, { description: 'Header fields of a request; more is answered 431.' }),
  body: optional(orNone(bytes()), {
    description: 'Largest request body, counted while it streams; a larger one is answered 413.',
    otherwise: 'none',
    risk: 'Without a limit the upstream has to set one.',
  }),
  connections: defaulted(orNone(whole({ min: 1, max: 10_000_000 })), 10_000, {
    description: 'Connections at a time; more are closed at once.',
    risk: 'Above the file descriptor limit of the process, accepting fails.',
  }),
  connections_per_ip: optional(orNone(whole({ min: 1, max: 10_000_000 })), {
    description: 'Connections at a time from one address.',
    otherwise: 'none',
    risk: 'Clients behind one proxy share one address.',
  }),
})

const shutdown = section({
  pre_stop_delay: defaulted(duration('0s'), '0s', {
    description: 'How long everything goes on as before, new connections included, while the readiness probe says 503 already.',
    risk: 'Shorter than a balancer takes to notice, new connections are refused.',
  }),
  timeout: defaulted(duration('0s'), '30s', {
    description: 'How long requests under way may take to finish after that; what is left is cut.',
    risk: 'Longer than whoever stops the process waits, it is killed before.',
  }),
})

const probes = section({
  enabled: defaulted(flag(), true, { description: 'Whether there are probes.' }),
  liveness: defaulted(probePath(), '/livez', { description: 'Path of the liveness probe: 200 while the process turns.' }),
  readiness: defaulted(probePath(), '/readyz', {
    description: 'Path of the readiness probe: 503 before the first discovery and from the moment a stop was asked for, 200 in between.',
    risk: 'A route with this path is not reached; the log warns.',
  }),
  startup: defaulted(probePath(), '/startupz', { description: 'Path of the startup probe: 200 once the gateway serves.' }),
  require_sync: defaulted(flag(), true, {
    description: 'Whether readiness waits until every discovery backend and FARP have reported once.',
    risk: 'With it a registry that is down keeps new instances of the gateway out of service.',
  }),
})

export const server = section({
  http_port: defaulted(port(0), 8080, { description: 'The port of the traffic listener. 0 takes any free port.' }),
  https_port: optional(port(0), {
    description: 'The port of the TLS listener, which is there when `tls` is. 0 takes any free port.',
    otherwise: '8443',
  }),
  host: defaulted(host(), '0.0.0.0', { description: 'The address the traffic listeners bind to.' }),
  admin_port: optional(port(0), {
    description: 'The port of the admin listener. 0 takes any free port. `admin.address` may name host and port instead.',
    otherwise: '9090',
  }),
  http2_push: defaulted(flag(), false, {
    description:
      'Whether HTTP/2 clients that take pushes are sent what answers name in `Link: </path>; rel=preload`, unless with `nopush`. Most browsers have given pushes up; 103 (Early Hints) is passed on without it.',
    risk: 'Clients are sent what they may have already.',
  }),
  trusted_proxies: defaulted(list(cidr()), [], {
    description: 'Addresses whose `Forwarded` and `X-Forwarded-*` fields are believed; those of everybody else are replaced.',
    risk: 'A range that is too wide lets clients choose the address that limits and logs see.',
  }),
  timeouts: defaulted(timeouts, {}, { description: 'Towards clients.' }),
  limits: defaulted(limits, {}, { description: 'What one client may ask for.' }),
  workers: defaulted(orAuto(whole({ min: 1, max: 1024 })), 1, {
    description:
      'How many processes carry the traffic; `auto` is one for each core. With more than one, a further process only controls them.',
    risk: 'Limits, of rates as of connections, count in each of them by itself.',
  }),
  shutdown: defaulted(shutdown, {}, { description: 'Stopping.' }),
  probes: defaulted(
    probes,
    {},
    { description: 'Probes on the traffic listeners, answered before any route, without policies, counting and logging.' },
  ),
})
