import * as v from 'valibot'
import { parseAddress } from './address.ts'
import { text, tlsOptions, type TlsOptions } from '@octopus-gateway/discovery-support'

/** Which Consul, and what of it. */
export interface ConsulOptions {
  /** Host and port of an agent. Default `127.0.0.1:8500`. */
  readonly address?: string | undefined
  /** Default `https` where `tls` is given, else `http`. */
  readonly scheme?: 'http' | 'https' | undefined
  /** An ACL token that may read services and nodes, and keys where schemas are in the key-value store. Default none. */
  readonly token?: string | undefined
  /** Default: the one of the agent. */
  readonly datacenter?: string | undefined
  /** Default: the one of the token. */
  readonly namespace?: string | undefined
  /** Only instances that carry all of these tags. Default: all instances. */
  readonly tags?: readonly string[] | undefined
  /** An expression of Consul's filter language over instances, such as `Service.Meta.team == "core"`. Default: all instances. */
  readonly filter?: string | undefined
  /**
   * Whether only instances get requests whose checks all pass. Default false: what the gateway sees itself decides, and only maintenance takes an
   * instance out.
   */
  readonly passingOnly?: boolean | undefined
  /** `stale` lets any server answer, also without a leader; `consistent` asks the leader to make sure. Default `default`. */
  readonly consistency?: 'default' | 'stale' | 'consistent' | undefined
  /** TLS towards the agent. Without `verify`, anybody on the way can read the token. Default none, or with `scheme: 'https'` what the system trusts. */
  readonly tls?: TlsOptions | undefined
}

const address = v.pipe(
  v.string(),
  v.check(
    (value) => parseAddress(value) !== undefined,
    'write host and port of the agent, such as consul.internal:8500; http or https belongs into scheme',
  ),
)

// What a header may hold (RFC 9110, 5.5): a line break at the end of a file is the usual slip.
const token = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]+$/, 'holds characters that no token has; is there a blank or a line break at its end?'),
)

const schema = v.optional(
  v.strictObject({
    address: v.optional(address, '127.0.0.1:8500'),
    scheme: v.optional(v.picklist(['http', 'https'])),
    token: v.optional(token),
    datacenter: v.optional(text),
    namespace: v.optional(text),
    tags: v.optional(v.array(text), []),
    filter: v.optional(text),
    passingOnly: v.optional(v.boolean(), false),
    consistency: v.optional(v.picklist(['default', 'stale', 'consistent']), 'default'),
    tls: v.optional(tlsOptions),
  }),
  {},
)

/** Options with their defaults. */
export type Settings = v.InferOutput<typeof schema>

// The options are read-only, which the type of a list's schema cannot say.
export const consulOptions = schema as v.GenericSchema<ConsulOptions | undefined, Settings>
