import { checkSchemaValue, parseSchema } from '../schemas/parse.ts'
import type { SchemaAdapter } from './adapter.ts'

/** Languages whose documents are kept and shown, and make no routes. */
export const documentAdapter: SchemaAdapter = {
  read: parseSchema,
  check: checkSchemaValue,
  adapt: () => ({ operations: [], findings: [] }),
}
