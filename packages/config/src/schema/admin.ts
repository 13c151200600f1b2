import { adminTls } from './tls.ts'
import { adminPath, bcryptHash, listenAddress, userName } from './texts.ts'
import { choice, flag } from './scalars.ts'
import { defaulted, later, optional, required, section } from './keys.ts'

const auth = section({
  type: defaulted(choice(['basic'], ['bearer', 'token', 'jwt', 'oidc', 'oauth2', 'mtls', 'ldap', 'digest', 'api-key']), 'basic', {
    description: 'How operators prove who they are.',
    risk: 'Basic sends the password with every request: give an admin listener that others can reach `admin.tls`, or put TLS in front of it.',
  }),
  username: required(userName(), { description: 'User name.' }),
  password_hash: required(bcryptHash(), { description: 'The bcrypt hash of the password, from `htpasswd -nBC 12 admin`.' }),
})

export const admin = section({
  enabled: defaulted(flag(), true, {
    description: 'Whether the admin listener exists: health, documentation, routes, services, upstreams, metrics.',
  }),
  address: optional(listenAddress(), {
    description: 'Where it listens. The port may be left out. When `server.admin_port` is given too, both must name the same port.',
    otherwise: '127.0.0.1 and the port of `server.admin_port`',
  }),
  tls: optional(adminTls, {
    description: 'HTTPS on it. Files are read again when they change.',
    otherwise: 'it speaks HTTP',
  }),
  auth: optional(auth, { description: 'Who may use it. Without it, the listener binds to loopback addresses only.' }),
  allow_unauthenticated: defaulted(flag(), false, {
    description: 'Listen beyond loopback without `admin.auth`.',
    risk: 'Everybody who reaches the port sees routes, addresses and documents of all services.',
  }),
})

export const observability = section({
  metrics: defaulted(
    section({
      enabled: defaulted(flag(), true, { description: 'Count requests and serve the Prometheus text format on the admin listener.' }),
      path: defaulted(adminPath(), '/metrics', { description: 'Where.' }),
    }),
    {},
    { description: 'Metrics.' },
  ),
  logging: defaulted(
    section({
      level: defaulted(choice(['error', 'warn', 'info', 'debug']), 'info', {
        description: 'The least urgent lines that are written. The line per request is `info`.',
      }),
      format: optional(choice(['json', 'text']), { description: 'For machines or for people.', otherwise: 'json; text on a terminal' }),
    }),
    {},
    { description: 'The log.' },
  ),
  tracing: optional(
    section({
      enabled: later('Send traces.'),
      exporter: later('Kind of receiver.'),
      endpoint: later('Address of the receiver.'),
    }),
    { description: 'Traces.' },
  ),
})
