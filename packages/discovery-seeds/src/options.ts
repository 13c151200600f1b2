import * as v from 'valibot'
import { duration, httpAddress } from '@octopus-gateway/discovery-support'
import type { Duration } from '@octopus-gateway/core'

/** Which services are asked, and how often. */
export interface SeedsOptions {
  /** Addresses of services, one for each instance: `http://10.0.0.7:8081`. Each is asked for `/_farp/discovery` behind it. */
  readonly urls: readonly string[]
  /** How often each is asked. Default 10 s. */
  readonly interval?: Duration | undefined
}

const options = v.strictObject({
  urls: v.pipe(v.array(httpAddress('http://10.0.0.7:8081')), v.nonEmpty('name at least one service')),
  interval: v.optional(duration, '10s'),
})

/** Options with their defaults; addresses without a slash at their end, the interval in milliseconds. */
export type Settings = v.InferOutput<typeof options>

// Lists may be read-only: nothing changes them.
export const seedsOptions = options as v.GenericSchema<SeedsOptions, Settings>
