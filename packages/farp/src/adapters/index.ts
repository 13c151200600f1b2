import { asyncApiAdapter } from './asyncapi/asyncapi.ts'
import { documentAdapter } from './document.ts'
import { openApiAdapter } from './openapi.ts'
import { orpcAdapter } from './orpc.ts'
import type { SchemaAdapter, SchemaType } from './adapter.ts'

/** The adapter of a language. Those that need a large library load it when the first schema of the language appears. */
export async function adapterOf(type: SchemaType): Promise<SchemaAdapter> {
  switch (type) {
    case 'openapi':
      return openApiAdapter
    case 'asyncapi':
      return asyncApiAdapter
    case 'orpc':
      return orpcAdapter
    default:
      return documentAdapter
  }
}
