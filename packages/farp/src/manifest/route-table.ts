import { finding } from '../findings.ts'
import { clean } from '../text.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { capped, extensionsOf, skipped } from '../adapters/notes.ts'
import { fromTable, tableEntryOf } from './route-metadata.ts'
import { isGrpcPath } from '../adapters/grpc-path.ts'
import { operationAt } from '../adapters/operation.ts'
import type { AdaptedSchema, OperationProtocol, SchemaOperation, SchemaType } from '../adapters/adapter.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { Manifest } from './manifest.ts'

/** The methods of an entry that names none. */
const METHODS: Readonly<Record<OperationProtocol, readonly string[]>> = {
  rest: ['GET'],
  sse: ['GET'],
  websocket: ['GET'],
  grpc: ['POST'],
  graphql: ['POST'],
}

/** The language in which operations of a protocol are usually described. */
const LANGUAGES: Readonly<Record<OperationProtocol, SchemaType>> = {
  rest: 'openapi',
  sse: 'asyncapi',
  websocket: 'asyncapi',
  grpc: 'grpc',
  graphql: 'graphql',
}

/** The language in which an operation of a `route_table` is usually described. */
export function languageOf(protocol: OperationProtocol): SchemaType {
  return LANGUAGES[protocol]
}

const known = new WeakMap<Manifest, AdaptedSchema | null>()

/** The operations of the manifest's `route_table`, which then stand instead of those of its schemas; `undefined` without one. */
export function routeTableOf(manifest: Manifest, limits: Limits): AdaptedSchema | undefined {
  let offer = known.get(manifest)
  if (offer === undefined) {
    const list = ownList(manifest.raw, 'route_table')
    offer = list.length === 0 ? null : read(list, limits)
    known.set(manifest, offer)
  }
  return offer ?? undefined
}

function read(list: readonly unknown[], limits: Limits): AdaptedSchema {
  const findings: Finding[] = []
  const operations = new Map<string, SchemaOperation>()
  for (const [index, entry] of list.entries()) {
    const path = isObject(entry) ? (ownText(entry, 'path') ?? '') : ''
    if (!isObject(entry) || path === '') {
      findings.push(finding('PATH_SKIPPED', `route_table[${index}] is not routed: it has no path`))
      continue
    }
    for (const operation of operationsOf(entry, path, findings)) {
      const place = `${operation.method} ${operation.key}`
      if (!operations.has(place)) operations.set(place, operation)
    }
    if (operations.size > limits.operations) {
      findings.push(finding('LIMIT_EXCEEDED', `route_table has more than ${limits.operations} routes; the rest is left out`))
      break
    }
  }
  return { operations: [...operations.values()].slice(0, limits.operations), findings: capped(findings) }
}

function operationsOf(entry: JsonObject, path: string, findings: Finding[]): SchemaOperation[] {
  const written = (ownText(entry, 'protocol') ?? '').toLowerCase()
  const protocol: OperationProtocol = isProtocol(written) ? written : 'rest'
  const named = [...new Set(ownList(entry, 'methods').flatMap((name) => (typeof name === 'string' ? [name.toUpperCase()] : [])))]
  const metadata = ownObject(entry, 'metadata') ?? table()
  return (named.length > 0 ? named : METHODS[protocol]).slice(0, 20).flatMap((method) => {
    if (!/^[A-Z][A-Z0-9-]{0,39}$/.test(method) || NEVER.has(method)) {
      findings.push(finding('PATH_SKIPPED', `method "${clean(method, 40)}" of path "${clean(path, 200)}" is not routed`))
      return []
    }
    // Such a route stands at the root, whatever the mount: nothing else may pass for one.
    if (protocol === 'grpc' && (method !== 'POST' || !isGrpcPath(path))) {
      findings.push(skipped(path, `${method} is no call of a gRPC method, which is POST /package.Service/Method`))
      return []
    }
    const summary = ownText(metadata, 'summary')
    const operation = operationAt(path.replaceAll(/(?<=\/):([^/]+)/g, '{$1}'), method, {
      protocol,
      isFixed: protocol === 'grpc',
      operationId: idOf(entry),
      summary: summary === undefined ? undefined : clean(summary, 500),
      tags: ownList(metadata, 'tags').flatMap((tag) => (typeof tag === 'string' ? [clean(tag, 200)] : [])),
      deprecated: own(entry, 'deprecated') === true,
      extensions: table(extensionsOf(metadata)),
    })
    if (!('problem' in operation)) return [fromTable(operation, entry)]
    findings.push(skipped(path, operation.problem))
    return []
  })
}

/** An entry's operation with what a schema says of the same operation: where the service has it, security, and whatever the entry leaves out. */
export function describedBy(operation: SchemaOperation, described: SchemaOperation | undefined): SchemaOperation {
  if (described === undefined) return operation
  const whole = {
    ...operation,
    serverPrefix: described.serverPrefix,
    security: described.security,
    operationId: operation.operationId ?? described.operationId,
    summary: operation.summary ?? described.summary,
    tags: operation.tags.length > 0 ? operation.tags : described.tags,
    deprecated: operation.deprecated || described.deprecated,
    extensions: table([...Object.entries(described.extensions), ...Object.entries(operation.extensions)]),
  }
  const entry = tableEntryOf(operation)
  return entry === undefined ? whole : fromTable(whole, entry)
}

/** TRACE shows a client the fields that the gateway added; CONNECT asks for a tunnel; PRI opens HTTP/2. */
const NEVER: ReadonlySet<string> = new Set(['CONNECT', 'PRI', 'TRACE'])

function isProtocol(text: string): text is OperationProtocol {
  return Object.hasOwn(METHODS, text)
}

function idOf(entry: JsonObject): string | undefined {
  const id = ownText(entry, 'operation_id')
  return id === undefined || id === '' ? undefined : clean(id, 500)
}
