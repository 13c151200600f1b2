import { choice, flag } from '../scalars.ts'
import { defaulted, list, optional, section } from '../keys.ts'
import { host, pem, text } from '../texts.ts'
import { hostPort, secret } from '../access.ts'

const tls = section({
  ca: optional(pem('certificate'), {
    description: 'The certificates that are trusted instead of those of the system, as a file or in PEM form.',
    otherwise: 'those of the system',
  }),
  cert: optional(pem('certificate'), {
    description: 'The certificate that the gateway shows, as a file or in PEM form. Only together with `key`.',
    otherwise: 'none is shown',
  }),
  key: optional(pem('private key'), { description: 'The private key of `cert`, as a file or in PEM form, not encrypted.' }),
  server_name: optional(host(), { description: 'The name that is expected in the certificate.', otherwise: 'the host of `address`' }),
  verify: defaulted(flag(), true, {
    description: 'Whether the certificate and the name in it must be right.',
    risk: 'With `false`, anybody on the way can read the token and say where services are.',
  }),
})

export const consul = optional(
  section({
    address: defaulted(hostPort(), '127.0.0.1:8500', { description: 'Host and port of an agent.' }),
    scheme: optional(choice(['http', 'https']), {
      description: 'How the agent is spoken to.',
      otherwise: '`https` with `tls`, else `http`',
    }),
    token: optional(secret('an access token'), {
      description: 'An ACL token that may read services and nodes, and keys where schemas are in the key-value store. Never logged.',
      risk: 'Over `http` anybody on the way can read it.',
      otherwise: 'none',
    }),
    datacenter: optional(text(), { description: 'The datacenter to ask.', otherwise: 'the one of the agent' }),
    namespace: optional(text(), { description: 'The namespace to ask, where Consul has them.', otherwise: 'the one of the token' }),
    tags: defaulted(list(text()), [], { description: 'Only instances that carry all of these tags take part.' }),
    filter: optional(text(), {
      description: 'An expression of Consul\'s filter language over instances, such as `Service.Meta.team == "core"`.',
      otherwise: 'all instances take part',
    }),
    passing_only: defaulted(flag(), false, {
      description:
        'Whether only instances get requests whose checks all pass. Otherwise what the gateway sees itself decides, and only maintenance takes an instance out.',
      risk: 'With `true`, services that do not renew their TTL check get no requests.',
    }),
    consistency: defaulted(choice(['default', 'stale', 'consistent']), 'default', {
      description: '`stale` lets any server answer, also without a leader; `consistent` makes the leader make sure that it is one.',
      risk: 'With `stale`, what a server says may be old; with `consistent`, every question costs a round among the servers.',
    }),
    tls: optional(tls, { description: 'TLS towards the agent.' }),
  }),
  { description: 'Services of Consul.' },
)
