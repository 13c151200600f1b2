import * as v from 'valibot'
import { toMilliseconds, type Duration } from '@octopus-gateway/core'

/** A text with something in it. */
export const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))

/** A port number. */
export const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))

const BARE = 'leave out user name, password and query'

/** The address of a server with `http` or `https` and maybe a path, whose slashes at the end do not matter. Credentials have no place in it; `bare` says so. */
export const httpAddress = (example: string, bare = BARE): v.GenericSchema<string, string> =>
  v.pipe(
    v.string(),
    v.check(isHttp, `write an address such as ${example}`),
    v.check((value) => !isHttp(value) || !/[@?#]/.test(value), bare),
    v.transform((value) => value.replace(/\/+$/, '')),
  )

function isHttp(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value)
}

/** A length of time, in milliseconds or as a text such as `30s`; becomes milliseconds. */
export const duration = v.pipe(
  v.custom<Duration>((value) => typeof value === 'number' || typeof value === 'string'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return toMilliseconds(dataset.value)
    } catch (error) {
      addIssue({ message: (error as Error).message })
      return NEVER
    }
  }),
  v.gtValue(0, 'must be longer than nothing'),
)
