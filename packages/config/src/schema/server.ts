import { bytes, duration, orNone, port, whole } from './scalars.ts'
import { cidr, host } from './texts.ts'
import { defaulted, later, list, optional, section } from './keys.ts'

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
  trusted_proxies: defaulted(list(cidr()), [], {
    description: 'Addresses whose `Forwarded` and `X-Forwarded-*` fields are believed; those of everybody else are replaced.',
    risk: 'A range that is too wide lets clients choose the address that limits and logs see.',
  }),
  timeouts: defaulted(timeouts, {}, { description: 'Towards clients.' }),
  limits: defaulted(limits, {}, { description: 'What one client may ask for.' }),
  workers: later('How many processes share the traffic.'),
  shutdown: optional(
    section({
      pre_stop_delay: later('How long to keep accepting after a stop was asked for.'),
      timeout: later('How long to wait for running requests.'),
    }),
    { description: 'Stopping.' },
  ),
  probes: optional(
    section({
      enabled: later('Probes on the traffic listener.'),
      liveness: later('Path of the liveness probe.'),
      readiness: later('Path of the readiness probe.'),
      startup: later('Path of the startup probe.'),
      require_sync: later('Whether readiness waits for the first discovery.'),
    }),
    { description: 'Probes on the traffic listener.' },
  ),
})
