import * as v from 'valibot'
import { toMilliseconds, type Duration } from '@octopus-gateway/core'

/** Which services are asked, and how often. */
export interface SeedsOptions {
  /** Addresses of services, one for each instance: `http://10.0.0.7:8081`. Each is asked for `/_farp/discovery` behind it. */
  readonly urls: readonly string[]
  /** How often each is asked. Default 10 s. */
  readonly interval?: Duration | undefined
}

const url = v.pipe(
  v.string(),
  v.check(isSeed, 'write the address of a service such as http://10.0.0.7:8081'),
  v.check((value) => !isSeed(value) || !/[@?#]/.test(value), 'leave out user name, password and query'),
)

function isSeed(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value)
}

const interval = v.pipe(
  v.custom<Duration>((value) => {
    try {
      return toMilliseconds(value as Duration) > 0
    } catch {
      return false
    }
  }, 'must be a duration such as 10s, or a number of milliseconds'),
  v.transform(toMilliseconds),
)

const options = v.strictObject({
  urls: v.pipe(v.array(url), v.nonEmpty('name at least one service')),
  interval: v.optional(interval, '10s'),
})

/** Options with their defaults; the interval in milliseconds. */
export type Settings = v.InferOutput<typeof options>

// Lists may be read-only: nothing changes them.
export const seedsOptions = options as v.GenericSchema<SeedsOptions, Settings>
