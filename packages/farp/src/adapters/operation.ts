import { table } from '../json.ts'
import { toPathPattern } from './path-pattern.ts'
import type { SchemaOperation } from './adapter.ts'

/** What an operation may carry beside its place. */
export type OperationTraits = Partial<Omit<SchemaOperation, 'path' | 'pattern' | 'key' | 'method'>>

const PLAIN = {
  protocol: 'rest',
  isFixed: false,
  serverPrefix: '',
  operationId: undefined,
  summary: undefined,
  tags: [],
  deprecated: false,
  security: undefined,
  extensions: table(),
} as const

/** An operation at a path of a schema (`/users/{id}`), or why the path cannot be routed. `method` in upper case. */
export function operationAt(path: string, method: string, traits: OperationTraits = {}): SchemaOperation | { readonly problem: string } {
  const pattern = toPathPattern(path)
  return 'problem' in pattern ? pattern : { path, ...pattern, method, ...PLAIN, ...traits }
}
