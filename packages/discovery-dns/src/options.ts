import * as v from 'valibot'
import { duration, port, text } from '@octopus-gateway/discovery-support'
import { isIP } from 'node:net'
import type { Duration } from '@octopus-gateway/core'

/** A service, and the name under which DNS knows it. */
export interface DnsName {
  /** `_http._tcp.users.example.com` for SRV, a host name for `a`. */
  readonly name: string
  /** What the service is called. Default: the first label that says something, `users` of `_http._tcp.users.example.com` and of `_users._tcp.example.com`. */
  readonly service?: string | undefined
  /** `srv`: hosts, ports, priorities and weights. `a`: addresses (A, AAAA) of instances that all have the same `port`. Default `srv`. */
  readonly type?: 'srv' | 'a' | undefined
  /** The port of every instance. Needed with `a`, and only there. */
  readonly port?: number | undefined
}

/** Which names are looked up, and where. */
export interface DnsOptions {
  readonly names: readonly DnsName[]
  /** Name servers to ask, in this order: `10.0.0.2`, `10.0.0.2:5353`, `[fd00::2]:5353`. Default: those of the system. */
  readonly servers?: readonly string[] | undefined
  /** How often is asked; earlier where addresses may be kept for a shorter time, but not more than once a second for that. Default 10 s, at least 100 ms. */
  readonly interval?: Duration | undefined
}

const name = v.pipe(
  v.strictObject({
    name: text,
    service: v.optional(text),
    type: v.optional(v.picklist(['srv', 'a']), 'srv'),
    port: v.optional(port),
  }),
  v.check(
    ({ type, port }) => (type === 'a') === (port !== undefined),
    'give port with type a, and only there: SRV records have ports of their own',
  ),
)

const server = v.pipe(
  v.string(),
  v.check((value) => {
    const match = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(value)
    return isIP(value) !== 0 || (isIP(match?.[1] ?? match?.[2] ?? '') !== 0 && Number(match?.[3] ?? 53) <= 65_535)
  }, 'write the address of a name server, such as 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:5353'),
)

const options = v.strictObject({
  names: v.pipe(v.array(name), v.nonEmpty('name at least one service')),
  servers: v.optional(v.array(server), []),
  interval: v.optional(v.pipe(duration, v.minValue(100, 'must be at least 100ms')), '10s'),
})

/** Options with their defaults; the interval in milliseconds. */
export type Settings = v.InferOutput<typeof options>

// Lists may be read-only: nothing changes them.
export const dnsOptions = options as v.GenericSchema<DnsOptions, Settings>
