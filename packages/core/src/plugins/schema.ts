import { toMilliseconds } from '../time.ts'
import * as v from 'valibot'
import type { Duration } from '../time.ts'
import type { StandardSchemaV1 } from '../plugin/standard-schema.ts'

// Pieces of the options of policies.

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/

/** A field name, in lower case. */
export const fieldName = v.pipe(v.string(), v.regex(TOKEN, 'Not the name of a header field.'), v.toLowerCase())

/** A method. They are case-sensitive (RFC 9110, section 9.1); every registered one is upper-case. */
export const method = v.pipe(v.string(), v.regex(TOKEN, 'Not a method.'), v.toUpperCase())

/** A duration, as milliseconds. */
export const duration = v.pipe(
  v.custom<Duration>((value) => typeof value === 'string' || typeof value === 'number', 'Not a duration: write 250ms, 5s, 5m or 1h.'),
  v.rawTransform<Duration, number>(({ dataset, addIssue, NEVER }) => {
    try {
      return toMilliseconds(dataset.value)
    } catch (thrown) {
      addIssue({ message: (thrown as Error).message })
      return NEVER
    }
  }),
)

/** A number of something, more than none. */
export const positive = v.pipe(v.number(), v.finite('Not a number.'), v.minValue(Number.MIN_VALUE, 'Must be more than 0.'))

/** A schema as what its options are documented to be: with lists that nobody changes, which a schema of arrays does not say. */
export function accepting<Input, Output>(schema: v.GenericSchema<unknown, Output>): StandardSchemaV1<Input | undefined, Output> {
  return schema as StandardSchemaV1<unknown, Output> as StandardSchemaV1<Input | undefined, Output>
}
