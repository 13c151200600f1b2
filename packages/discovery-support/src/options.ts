import * as v from 'valibot'
import { toMilliseconds, type Duration } from '@octopus-gateway/core'

/** A text with something in it. */
export const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))

/** A port number. */
export const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))

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
