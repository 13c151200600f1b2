import * as v from 'valibot'
import { httpAddress, text, tlsOptions, type TlsOptions } from '@octopus-gateway/discovery-support'

/** Which cluster, and what of it. */
export interface EtcdOptions {
  /** Members, as `http://host:port` or `https://host:port`. One is asked; when it fails, the next. Default `http://127.0.0.1:2379`. */
  readonly endpoints?: readonly string[] | undefined
  /** Where instances are, each the beginning of keys. Default `/services/`, `/forge/services/`, `farp/services/` and `/octopus/services/`. */
  readonly prefixes?: readonly string[] | undefined
  /** A user that may read the prefixes. Only together with `password`. Default none. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /**
   * TLS towards the cluster. etcd's JSON gateway takes no user from a certificate. Without `verify`, anybody on the way can read the password and
   * answer. Default: what the system trusts, for endpoints with `https://`.
   */
  readonly tls?: TlsOptions | undefined
}

const endpoint = v.pipe(
  httpAddress('http://127.0.0.1:2379', 'leave out user name, password and query: username and password have options of their own'),
  v.check((value) => new URL(value).pathname === '/', 'an endpoint has scheme, host and port and nothing else'),
  v.transform((value) => new URL(value).origin),
)

const options = v.optional(
  v.pipe(
    v.strictObject({
      endpoints: v.optional(v.pipe(v.array(endpoint), v.nonEmpty('name at least one endpoint')), ['http://127.0.0.1:2379']),
      prefixes: v.optional(v.pipe(v.array(text), v.nonEmpty('name at least one prefix')), [
        '/services/',
        '/forge/services/',
        'farp/services/',
        '/octopus/services/',
      ]),
      username: v.optional(text),
      password: v.optional(text),
      tls: v.optional(tlsOptions),
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
