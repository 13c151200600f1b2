import * as v from 'valibot'
import { duration, httpAddress, port, text } from '@octopus-gateway/discovery-support'
import type { Duration } from '@octopus-gateway/core'

/** How the gateway itself is found in Eureka. */
export interface EurekaRegister {
  /** The name under which it is found. Default `octopus-gateway`. */
  readonly app?: string | undefined
  /** Host name or address at which others reach it. */
  readonly host: string
  readonly port: number
  /** Whether it speaks TLS there. Default false. */
  readonly secure?: boolean | undefined
  /** Unique among all instances of `app`. Default `host:app:port`. */
  readonly instanceId?: string | undefined
  /** What others may read about it. Default none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** How often the registration is renewed; after three times without, Eureka forgets it. Default 30 s, what servers count on. */
  readonly heartbeat?: Duration | undefined
}

/** Which Eureka, and how. */
export interface EurekaOptions {
  /** Addresses of servers with their path, in the order in which they are tried. Default `http://127.0.0.1:8761/eureka`. */
  readonly servers?: readonly string[] | undefined
  /** How often is asked for what has changed. Default 30 s. Servers answer out of a cache of 30 seconds. */
  readonly interval?: Duration | undefined
  /** The zone of the gateway: instances of other zones get requests as far as those of this one are out. Default: all zones are equal. */
  readonly zone?: string | undefined
  /** User name for HTTP Basic. Default none. */
  readonly username?: string | undefined
  /** Default none. */
  readonly password?: string | undefined
  /** Registers the gateway itself. Default: it is not registered. */
  readonly register?: EurekaRegister | undefined
}

const server = httpAddress(
  'http://eureka.internal:8761/eureka',
  'leave out user name, password and query: username and password have options of their own',
)

const register = v.strictObject({
  app: v.optional(text, 'octopus-gateway'),
  host: text,
  port,
  secure: v.optional(v.boolean(), false),
  instanceId: v.optional(text),
  metadata: v.optional(v.record(v.string(), v.string()), {}),
  heartbeat: v.optional(duration, '30s'),
})

const schema = v.optional(
  v.pipe(
    v.strictObject({
      servers: v.optional(v.pipe(v.array(server), v.nonEmpty('name at least one server')), ['http://127.0.0.1:8761/eureka']),
      interval: v.optional(duration, '30s'),
      zone: v.optional(text),
      username: v.optional(v.pipe(v.string(), v.regex(/^[^:\p{Cc}]+$/u, 'holds a colon or a control character'))),
      password: v.optional(text),
      register: v.optional(register),
    }),
    v.check(({ username, password }) => password === undefined || username !== undefined, 'a password needs a username'),
  ),
  {},
)

/** Options with their defaults; times in milliseconds. */
export type Settings = v.InferOutput<typeof schema>

// The options are read-only, which the type of a list's schema cannot say.
export const eurekaOptions = schema as v.GenericSchema<EurekaOptions | undefined, Settings>
