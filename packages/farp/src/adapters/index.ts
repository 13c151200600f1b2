import { asyncApiAdapter } from './asyncapi/asyncapi.ts'
import { documentAdapter } from './document.ts'
import { messageOf } from '../text.ts'
import { openApiAdapter } from './openapi.ts'
import { orpcAdapter } from './orpc.ts'
import { SchemaError } from '../schemas/parse.ts'
import type { SchemaAdapter, SchemaType } from './adapter.ts'

/** Readers of languages that this gateway only keeps. */
export type SchemaAdapters = Readonly<Partial<Record<'thrift' | 'avro' | 'custom', SchemaAdapter>>>

/** The adapter of a language. Those that need a large library load it when the first schema of the language appears. */
export async function adapterOf(type: SchemaType, added: SchemaAdapters = {}): Promise<SchemaAdapter> {
  switch (type) {
    case 'openapi':
      return openApiAdapter
    case 'asyncapi':
      return asyncApiAdapter
    case 'orpc':
      return orpcAdapter
    case 'thrift':
    case 'avro':
    case 'custom':
      return added[type] === undefined ? documentAdapter : guarded(added[type])
    case 'grpc':
      return (await import('./grpc/adapter.ts')).grpcAdapter
    case 'graphql':
      return (await import('./graphql/adapter.ts')).graphqlAdapter
    default:
      return documentAdapter
  }
}

/** Whatever an added adapter throws is about the document: one bad schema must not end the look at an instance. */
function guarded(adapter: SchemaAdapter): SchemaAdapter {
  return {
    read: (bytes, limits) => tried(() => adapter.read(bytes, limits)),
    check: (value, limits) => tried(() => adapter.check(value, limits)),
    adapt: (document, context) => tried(() => adapter.adapt(document, context)),
  }
}

function tried<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw thrown instanceof SchemaError ? thrown : new SchemaError(`its adapter failed: ${messageOf(thrown)}`)
  }
}
