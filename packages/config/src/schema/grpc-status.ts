import { leaf, Refusal, type Leaf } from './leaf.ts'
import { nearest } from '../report/suggest.ts'

/** Statuses of gRPC by number. `OK` is no failure. */
const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

/** A failure of gRPC, by name in any case or by number. */
export function grpcStatus(): Leaf<number> {
  return leaf({
    name: 'status of gRPC',
    json: { anyOf: [{ enum: NAMES.slice(1) }, { type: 'integer', minimum: 1, maximum: 16 }] },
    parse(value, shown) {
      const index = typeof value === 'string' ? NAMES.indexOf(value.toUpperCase()) : value
      if (typeof index === 'number' && Number.isInteger(index) && index >= 1 && index < NAMES.length) return index
      const near = typeof value === 'string' ? nearest(value.toUpperCase(), NAMES.slice(1)) : undefined
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      return new Refusal(`must be a failure of gRPC such as UNAVAILABLE, or its number from 1 to 16, not ${shown}${hint}`)
    },
  })
}
