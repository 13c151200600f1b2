import * as v from 'valibot'
import type { AnySchema } from './walk.ts'

/** A map, or `false` in its place. */
export function orFalse<const E extends v.ObjectEntries>(
  section: v.StrictObjectSchema<E, undefined>,
): v.GenericSchema<unknown, false | v.InferOutput<v.StrictObjectSchema<E, undefined>>> & Pick<AnySchema, 'orFalse'> {
  const run: v.GenericSchema<unknown, unknown>['~run'] = (dataset, config) =>
    dataset.value === false ? { typed: true, value: false } : section['~run'](dataset, config)
  return Object.assign(v.strictObject(section.entries), { '~run': run, orFalse: true as const }) as unknown as ReturnType<typeof orFalse<E>>
}
