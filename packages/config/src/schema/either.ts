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

/** A list, or `true` for everybody and `false` for nobody in its place. */
export function orFlag<T>(
  list: v.ArraySchema<v.GenericSchema<unknown, T>, undefined>,
): v.GenericSchema<unknown, boolean | readonly T[]> & Pick<AnySchema, 'orFlag'> {
  const run: v.GenericSchema<unknown, unknown>['~run'] = (dataset, config) =>
    typeof dataset.value === 'boolean' ? { typed: true, value: dataset.value } : list['~run'](dataset, config)
  return Object.assign(v.array(list.item), { '~run': run, orFlag: true as const }) as unknown as ReturnType<typeof orFlag<T>>
}

/** A list of maps, or a text in its place, which stands for a list of the one map that `of` makes. */
export function orText<T>(
  list: v.ArraySchema<v.GenericSchema<unknown, T>, undefined>,
  of: (text: string) => T,
): v.GenericSchema<unknown, readonly T[]> & Pick<AnySchema, 'orText'> {
  const run: v.GenericSchema<unknown, unknown>['~run'] = (dataset, config) =>
    typeof dataset.value === 'string' && dataset.value !== '' ? { typed: true, value: [of(dataset.value)] } : list['~run'](dataset, config)
  return Object.assign(v.array(list.item), { '~run': run, orText: true as const }) as unknown as ReturnType<typeof orText<T>>
}
