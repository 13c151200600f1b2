import { defaulted, list, optional, required, section } from '../keys.ts'
import { duration, flag, port } from '../scalars.ts'
import { host, name, text, textMap, userName } from '../texts.ts'
import { httpUrl, secret } from '../access.ts'
import { Refusal, type Leaf } from '../leaf.ts'

const register = section({
  app: defaulted(name(), 'octopus-gateway', { description: 'The name under which the gateway is found.' }),
  host: required(host(), { description: 'Host name or address at which others reach the gateway.' }),
  port: required(port(1), { description: 'Port at which others reach the gateway.' }),
  secure: defaulted(flag(), false, { description: 'Whether the gateway speaks TLS there.' }),
  instance_id: optional(text(), { description: 'Unique among all instances of `app`.', otherwise: '`host:app:port`' }),
  metadata: optional(textMap(), { description: 'What others may read about the gateway.', otherwise: 'none' }),
  heartbeat: defaulted(duration('1s'), '30s', {
    description: 'How often the registration is renewed. After three times without, Eureka forgets it.',
    risk: 'Servers that protect themselves count on 30 seconds: with longer ones they keep everything, also what is gone.',
  }),
})

export const eureka = optional(
  section({
    servers: defaulted(list(server()), ['http://127.0.0.1:8761/eureka'], {
      description: 'Addresses of the servers, with their path. The first one that answers is asked until it fails; then the next one is.',
    }),
    interval: defaulted(duration('1s'), '30s', {
      description: 'How often is asked for what has changed.',
      risk: 'Servers answer out of a cache that is up to 30 seconds old: asking more often does not make it younger.',
    }),
    zone: optional(text(), {
      description: 'The zone of the gateway: instances of other zones get requests as far as those of this one are out.',
      otherwise: 'all zones are equal',
    }),
    username: optional(userName(), { description: 'User name for the servers (HTTP Basic).', otherwise: 'none' }),
    password: optional(secret('a password'), {
      description: 'Password for the servers. Never logged.',
      risk: 'Over `http` anybody on the way can read it.',
      otherwise: 'none',
    }),
    register: optional(register, {
      description: 'Registers the gateway itself, renews that, and takes it back at the end.',
      otherwise: 'it is not registered',
    }),
  }),
  { description: 'Services of Eureka.' },
)

/** The address of a server's API. */
function server(): Leaf<string> {
  const example = 'http://registry.internal:8761/eureka'
  return httpUrl({
    example,
    hasCredentials: true,
    take: ({ search, hash }, text) =>
      search === '' && hash === '' ? text : new Refusal(`must be an address such as ${example}, without a query`),
  })
}
