import * as v from 'valibot'
import { Outage } from './outage.ts'
import { parseJson } from './fields.ts'

/** Who has said something, and what was asked for. */
export interface Said {
  /** `Consul at http://127.0.0.1:8500`. */
  readonly name: string
  /** Who it is to be: `Consul`. */
  readonly product: string
  /** `the question for a key`. */
  readonly subject: string
}

/** The value of a text that is to be JSON. Throws an `Outage` when it is none. */
export function readJson(text: string, { name, product, subject }: Said): unknown {
  const value = parseJson(text)
  if (value === undefined) throw new Outage(`${name} answered ${subject} with something that is not JSON: is this ${product}?`)
  return value
}

/** A value in the shape that it is to have. Throws an `Outage` when it has another one. */
export function understand<S extends v.GenericSchema>(schema: S, value: unknown, { name, product, subject }: Said): v.InferOutput<S> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const where = v.getDotPath(result.issues[0]) ?? 'the answer'
  throw new Outage(`${name} answered ${subject} with something else (${where}): is this ${product}?`)
}
