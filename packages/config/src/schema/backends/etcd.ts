import { defaulted, list, optional, section } from '../keys.ts'
import { flag } from '../scalars.ts'
import { host, pem, text } from '../texts.ts'
import { httpUrl, secret } from '../access.ts'
import { Refusal, type Leaf } from '../leaf.ts'

const tls = section({
  ca: optional(pem('certificate'), {
    description: 'The certificates that are trusted instead of those of the system, as a file or in PEM form.',
    otherwise: 'those of the system',
  }),
  cert: optional(pem('certificate'), {
    description:
      "The certificate that the gateway shows, as a file or in PEM form. Only together with `key`. etcd's JSON gateway takes no user from it.",
    otherwise: 'none is shown',
  }),
  key: optional(pem('private key'), { description: 'The private key of `cert`, as a file or in PEM form, not encrypted.' }),
  server_name: optional(host(), {
    description: 'The name that is expected in the certificates.',
    otherwise: 'the host of each endpoint',
  }),
  verify: defaulted(flag(), true, {
    description: 'Whether certificates and the names in them must be right.',
    risk: 'With `false`, anybody on the way can read the password and say where services are.',
  }),
})

export const etcd = optional(
  section({
    endpoints: defaulted(list(endpoint()), ['http://127.0.0.1:2379'], {
      description:
        'Members of the cluster, as `http://host:port` or `https://host:port`. The one that answered last is asked until it fails; then the next one is.',
    }),
    prefixes: defaulted(list(text('beginning of keys')), ['/services/', '/forge/services/', 'farp/services/', '/octopus/services/'], {
      description: 'Where instances are. Of two entries for one instance the one of the earlier prefix counts.',
      risk: 'Whoever may write there says where requests go.',
    }),
    username: optional(text(), { description: 'A user that may read the prefixes. Only together with `password`.', otherwise: 'none' }),
    password: optional(secret('a password'), {
      description: 'The password of that user. Never logged.',
      risk: 'Over `http` anybody on the way can read it.',
      otherwise: 'none',
    }),
    tls: optional(tls, { description: 'TLS towards the cluster, where endpoints begin with `https`.' }),
  }),
  { description: 'Services of etcd 3.4 and newer.' },
)

/** The address of a member. */
function endpoint(): Leaf<string> {
  return httpUrl({
    example: 'http://127.0.0.1:2379',
    hasCredentials: true,
    take: ({ origin, pathname, search, hash }) =>
      pathname + search + hash === '/' ? origin : new Refusal('must be scheme, host and port and nothing else'),
  })
}
