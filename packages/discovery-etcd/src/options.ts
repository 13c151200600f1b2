import * as v from 'valibot'

/** TLS towards the cluster. */
export interface EtcdTls {
  /** The certificates that are trusted instead of those of the system: a file, or the text in PEM form. */
  readonly ca?: string | undefined
  /** The certificate that the gateway shows: a file, or the text in PEM form. Only together with `key`. etcd's JSON gateway takes no user from it. */
  readonly cert?: string | undefined
  /** The private key of `cert`: a file, or the text in PEM form. */
  readonly key?: string | undefined
  /** The name that is expected in the certificates. Default: the host of the endpoint. */
  readonly serverName?: string | undefined
  /** Whether certificate and name must be right. Default true. With `false`, anybody on the way can read the password and answer. */
  readonly verify?: boolean | undefined
}

/** Which cluster, and what of it. */
export interface EtcdOptions {
  /** Members, as `http://host:port` or `https://host:port`. One is asked; when it fails, the next. Default `http://127.0.0.1:2379`. */
  readonly endpoints?: readonly string[] | undefined
  /** Where instances are, each the beginning of keys. Default `/services/`, `/forge/services/`, `farp/services/` and `/octopus/services/`. */
  readonly prefixes?: readonly string[] | undefined
  /** A user that may read the prefixes. Only together with `password`. Default none. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly tls?: EtcdTls | undefined
}

const text = (): v.GenericSchema<unknown, string> => v.pipe(v.string(), v.nonEmpty('must not be empty'))

/** What is wrong with an endpoint. The text is not repeated: it may hold a password. */
function problemOf(endpoint: string): string | undefined {
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) return 'write an endpoint such as http://127.0.0.1:2379'
  const { username, password, pathname, search, hash } = new URL(endpoint)
  if (username !== '' || password !== '') return 'user and password do not belong into an endpoint; give them in username and password'
  return pathname === '/' && search === '' && hash === '' ? undefined : 'an endpoint has scheme, host and port and nothing else'
}

const endpoint = v.pipe(
  v.string(),
  v.check(
    (value) => problemOf(value) === undefined,
    ({ input }) => problemOf(input) ?? '',
  ),
  v.transform((value) => new URL(value).origin),
)

const tls = v.pipe(
  v.strictObject({
    ca: v.optional(text()),
    cert: v.optional(text()),
    key: v.optional(text()),
    serverName: v.optional(text()),
    verify: v.optional(v.boolean(), true),
  }),
  v.check(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key belong together; give both'),
)

const options = v.optional(
  v.pipe(
    v.strictObject({
      endpoints: v.optional(v.pipe(v.array(endpoint), v.nonEmpty('name at least one endpoint')), ['http://127.0.0.1:2379']),
      prefixes: v.optional(v.pipe(v.array(text()), v.nonEmpty('name at least one prefix')), [
        '/services/',
        '/forge/services/',
        'farp/services/',
        '/octopus/services/',
      ]),
      username: v.optional(text()),
      password: v.optional(text()),
      tls: v.optional(tls),
    }),
    v.check(
      ({ username, password }) => (username === undefined) === (password === undefined),
      'username and password belong together; give both',
    ),
    v.check(
      // Whoever gives trust or a certificate believes that the password does not travel in the clear.
      ({ endpoints, tls: given }) => given === undefined || endpoints.every((one) => one.startsWith('https:')),
      'tls is given, and not all endpoints begin with https://',
    ),
  ),
  {},
)

/** Options with their defaults. */
export type Settings = v.InferOutput<typeof options>

// Lists may be read-only: nothing changes them.
export const etcdOptions = options as v.GenericSchema<EtcdOptions | undefined, Settings>
