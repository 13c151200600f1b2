import * as v from 'valibot'
import { unavailable } from './scalars.ts'

/** What the reference says of a key. */
export interface Doc {
  /** One sentence or two: what it does. */
  readonly description: string
  /** What can go wrong with it. */
  readonly risk?: string
  /** The default in words, where it is not a fixed value. */
  readonly otherwise?: string
}

/** A default, as it would be written in YAML. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain }

type Schema<T> = v.GenericSchema<unknown, T>

/** A map with these keys and no others. */
export function section<const E extends v.ObjectEntries>(entries: E): v.StrictObjectSchema<E, undefined> {
  return v.strictObject(entries)
}

/** A key that must be there. */
export function required<T>(schema: Schema<T>, doc: Doc): Schema<T> {
  return v.pipe(schema, v.metadata({ ...doc }))
}

/** A key that may be left out; nothing stands in for it. */
export function optional<T>(schema: Schema<T>, doc: Doc): v.OptionalSchema<Schema<T>, undefined> {
  return v.optional(required(schema, doc))
}

/** A key with a default. */
export function defaulted<T>(schema: Schema<T>, standard: Plain, doc: Doc): v.OptionalSchema<Schema<T>, Plain> {
  return v.optional(required(schema, doc), standard)
}

/** A key that is known and not available yet. */
export function later(description: string): v.OptionalSchema<Schema<undefined>, undefined> {
  return optional(unavailable(), { description })
}

/** A list. */
export function list<T>(item: Schema<T>): v.ArraySchema<Schema<T>, undefined> {
  return v.array(item)
}
