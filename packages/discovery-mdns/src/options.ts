import * as v from 'valibot'
import { duration, text } from '@octopus-gateway/discovery-support'
import { toMilliseconds, type Duration } from '@octopus-gateway/core'

/** What is looked for in the local network, and where. */
export interface MdnsOptions {
  /** Types to browse: `_farp._tcp`, `_http._tcp`. An instance that is there under several of them counts once. */
  readonly serviceTypes: readonly string[]
  /** Default `local`, the only one that hosts answer for by themselves. */
  readonly domain?: string | undefined
  /**
   * The only network interface that is used: by its name (`eth0`) over IPv4 and IPv6, by one of its addresses (`192.168.1.7`, `fe80::7`) over this family
   * alone. Default: every one that is up, but loopback.
   */
  readonly interface?: string | undefined
  /** Names of the services that may be found. Default: all of them, which is for development alone, since anybody in the network may claim any name. */
  readonly allowedServices?: readonly string[] | undefined
  /** How often is asked. What is there for a shorter time is asked for earlier. Default 30 s. */
  readonly interval?: Duration | undefined
  /** For how long answers are gathered before the first set. Default 3 s. */
  readonly browseTime?: Duration | undefined
}

const serviceType = v.pipe(v.string(), v.regex(/^_[A-Za-z0-9](?:[A-Za-z0-9-]{0,60}[A-Za-z0-9])?\._tcp$/, 'write a type such as _farp._tcp'))

const domain = v.pipe(
  v.string(),
  v.regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){0,8}[A-Za-z0-9-]{1,63}\.?$/, 'write a domain such as local'),
  v.transform((value) => value.replace(/\.$/, '')),
)

const atLeast = (least: `${number}${'ms' | 's'}`): v.GenericSchema<Duration, number> =>
  v.pipe(duration, v.minValue(toMilliseconds(least), `must be at least ${least}`))

const options = v.strictObject({
  serviceTypes: v.pipe(v.array(serviceType), v.nonEmpty('name at least one type, such as _farp._tcp')),
  domain: v.optional(domain, 'local'),
  interface: v.optional(text),
  allowedServices: v.optional(v.array(text)),
  // Hosts do not say a thing twice within a second (RFC 6762, 6).
  interval: v.optional(atLeast('1s'), '30s'),
  browseTime: v.optional(atLeast('10ms'), '3s'),
})

/** Options with their defaults; times in milliseconds. */
export type Settings = v.InferOutput<typeof options>

// Lists may be read-only: nothing changes them.
export const mdnsOptions = options as v.GenericSchema<MdnsOptions, Settings>
