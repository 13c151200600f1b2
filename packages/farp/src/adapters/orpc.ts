import { checkSchemaValue, parseSchema, SchemaError } from '../schemas/parse.ts'
import { clean, withoutEndSlashes } from '../text.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { capped, extensionsOf, label, skipped } from './notes.ts'
import { operationAt } from './operation.ts'
import type { AdapterContext, AdaptedSchema, SchemaAdapter, SchemaOperation } from './adapter.ts'
import type { OperationTraits } from './operation.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'

/**
 * oRPC over HTTP: the endpoint itself, and each procedure below it. A procedure that streams answers with events, to GET as well. The path
 * of batches is routed only where the descriptor says `batch_enabled`: one request to it is many calls.
 */
export const orpcAdapter: SchemaAdapter = { read: parseSchema, check: checkSchemaValue, adapt }

/** Where oRPC's own batch plugin sends to, below the endpoint. */
const BATCH = '__batch__'

function adapt(document: JsonObject, { limits, metadata }: AdapterContext): AdaptedSchema {
  if (ownText(document, 'orpc') === undefined) throw new SchemaError('it has no "orpc" member')
  const transport = ownObject(document, 'transport') ?? table()
  const carrier = (ownText(transport, 'protocol') ?? 'http').toLowerCase()
  if (carrier !== 'http' && carrier !== 'https') throw new SchemaError(`oRPC over ${clean(carrier, 40)} is not supported; use http`)
  const procedures = Object.entries(ownObject(document, 'procedures') ?? table())
  if (procedures.length > limits.paths) throw new SchemaError(`it has ${procedures.length} procedures; the limit is ${limits.paths}`)
  const findings: Finding[] = []
  const operations = new Map<string, SchemaOperation>()
  const add = (path: string, methods: readonly string[], traits: OperationTraits): void => {
    for (const method of methods) {
      // Names of procedures have no parameters: a brace in one would match anything.
      const operation = /[{}]/.test(path) ? { problem: 'a procedure is not a template' } : operationAt(path, method, traits)
      if ('problem' in operation) findings.push(skipped(path, operation.problem))
      else operations.set(`${method} ${operation.key}`, operation)
    }
  }
  const endpoint = endpointOf(transport)
  add(endpoint, ['POST'], {})
  if (own(metadata, 'batch_enabled') === true) add(below(endpoint, BATCH), ['POST'], {})
  const streams = new Set(ownList(metadata, 'streaming_procedures'))
  const documentSecurity = securityOf(document)
  for (const [name, item] of procedures) {
    if (name === BATCH) continue
    const procedure = isObject(item) ? item : table()
    const isStream = own(procedure, 'streaming') === true || streams.has(name)
    add(below(endpoint, name), isStream ? ['GET', 'POST'] : ['POST'], {
      operationId: clean(name, 500),
      summary: label(procedure, 'summary'),
      tags: ownList(procedure, 'tags').flatMap((tag) => (typeof tag === 'string' ? [clean(tag, 200)] : [])),
      deprecated: own(procedure, 'deprecated') === true,
      security: securityOf(procedure) ?? documentSecurity,
      extensions: table(extensionsOf(procedure)),
      ...(isStream ? { protocol: 'sse' } : {}),
    })
  }
  return { operations: [...operations.values()], findings: capped(findings) }
}

/** The endpoint's path; of a URL only the path counts: a schema must not say where traffic goes. */
function endpointOf(transport: JsonObject): string {
  const text = ownText(transport, 'endpoint') || '/rpc'
  const path = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(text)?.[1] ?? '') : text
  return `/${withoutEndSlashes(path.replace(/^\/+/, ''))}`
}

function below(endpoint: string, name: string): string {
  return endpoint === '/' ? `/${name}` : `${endpoint}/${name}`
}

function securityOf(owner: JsonObject): readonly unknown[] | undefined {
  const security = own(owner, 'security')
  return Array.isArray(security) ? security : undefined
}
