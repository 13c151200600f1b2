import { finding } from '../findings.ts'
import { isObject, own, ownList, ownObject, ownText, table, violation } from '../json.ts'
import { checkSchemaValue, parseSchema, SchemaError } from '../schemas/parse.ts'
import { clean, withoutEndSlashes } from '../text.ts'
import { convertSwagger2, isSwagger2 } from './swagger2/convert.ts'
import { capped, extensionsOf, label, skipped } from './notes.ts'
import { multiplied } from './multiplied.ts'
import { resolveItem } from './pointers.ts'
import { toPathPattern } from './path-pattern.ts'
import { withVariables } from './server-variables.ts'
import type { Finding } from '@octopus-gateway/core'
import type { AdaptedSchema, SchemaAdapter, SchemaOperation } from './adapter.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** The members of a path item that are operations; `query` since 3.2. TRACE is left out: a proxied TRACE shows a client the fields that the gateway added. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'] as const

/** OpenAPI 3 and Swagger 2.0, in JSON or YAML. */
export const openApiAdapter: SchemaAdapter = {
  read: parseSchema,
  check: checkSchemaValue,
  adapt: (document, { limits }) => adaptOpenApi(document, limits),
}

/**
 * A document as OpenAPI 3, with local references only: Swagger 2.0 is converted, and references by the document's own name (`$self`, OpenAPI 3.2) become
 * local ones. Anything else is what was given. The same document gives the same object.
 */
export function openApi3(document: JsonObject): JsonObject {
  let modern = modernised.get(document)
  if (modern === undefined) {
    modern = isSwagger2(document) ? convertSwagger2(document) : withoutSelf(document)
    modernised.set(document, modern)
  }
  return modern
}

const modernised = new WeakMap<JsonObject, JsonObject>()

function withoutSelf(document: JsonObject): JsonObject {
  const self = (ownText(document, '$self') ?? '').replace(/#.*$/s, '')
  if (self === '') return document
  const local = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(local)
    if (!isObject(value)) return value
    return table(
      Object.entries(value).map(([name, item]) => [
        name,
        name === '$ref' && typeof item === 'string' && item.startsWith(`${self}#`) ? item.slice(self.length) : local(item),
      ]),
    )
  }
  return local(document) as JsonObject
}

/** Reads an OpenAPI 3 or Swagger 2.0 document. Pure. Throws `SchemaError` when it is none, or larger than the limits. */
export function adaptOpenApi(given: JsonObject, limits: Limits): AdaptedSchema {
  const document = openApi3(given)
  // What a reference names may be written out in its place.
  const problem = document === given ? undefined : violation(document, limits)
  if (problem !== undefined) throw new SchemaError(`as OpenAPI 3, ${problem}`)
  const version = ownText(document, 'openapi') ?? ''
  if (!/^3\.\d+/.test(version))
    throw new SchemaError(
      version === '' ? 'it has no "openapi" member' : `OpenAPI ${clean(version, 20)} is not supported; use 3.0, 3.1 or 3.2`,
    )
  const paths = Object.entries(ownObject(document, 'paths') ?? table()).filter(([path]) => !path.startsWith('x-'))
  if (paths.length > limits.paths) throw new SchemaError(`it has ${paths.length} paths; the limit is ${limits.paths}`)
  const findings: Finding[] = []
  const note = (item: Finding): void => void findings.push(item)
  const seen = new Set<string>()
  const size = multiplied(limits)
  const shared = own(document, 'security') ?? null
  const operations = paths.flatMap(([path, item]) => {
    const pattern = toPathPattern(path)
    if ('problem' in pattern) {
      note(skipped(path, pattern.problem))
      return []
    }
    const resolved = resolveItem(item, document)
    if (resolved === undefined) {
      note(skipped(path, 'its path item is not an object of this document'))
      return []
    }
    size.take(resolved)
    size.take(shared)
    const methods = methodsOf(path, resolved, note).filter(([method]) => {
      const key = `${method} ${pattern.key}`
      return !seen.has(key) && seen.add(key)
    })
    // Before anything is made of them.
    if (seen.size > limits.operations) throw new SchemaError(`it has more than ${limits.operations} operations`)
    return operationsOf({ path, ...pattern }, { methods, item: resolved, document, note })
  })
  return { operations, findings: capped(findings) }
}

interface Place {
  readonly path: string
  readonly pattern: string
  readonly key: string
}

interface Surroundings {
  /** What is routed of them. */
  readonly methods: readonly (readonly [string, JsonObject])[]
  readonly item: JsonObject
  readonly document: JsonObject
  readonly note: (finding: Finding) => void
}

function operationsOf(place: Place, { methods, item, document, note }: Surroundings): SchemaOperation[] {
  return methods.flatMap(([method, operation]) => {
    const server = prefixOf([operation, item, document].map((owner) => ownList(owner, 'servers')).find((list) => list.length > 0))
    if (server.problem !== undefined) note(finding('SERVER_IGNORED', server.problem))
    return [
      {
        ...place,
        method,
        protocol: 'rest',
        isFixed: false,
        serverPrefix: server.prefix,
        operationId: label(operation, 'operationId'),
        summary: label(operation, 'summary') ?? label(item, 'summary'),
        tags: ownList(operation, 'tags')
          .filter((tag) => typeof tag === 'string')
          .map((tag) => clean(tag, 200)),
        deprecated: own(operation, 'deprecated') === true,
        security: [operation, document].map((owner) => own(owner, 'security')).find(Array.isArray),
        extensions: table(extensionsOf(operation)),
      },
    ]
  })
}

/** The operations of a path item by method. `additionalOperations` (3.2) has those of any other method, by its exact name. */
function methodsOf(path: string, item: JsonObject, note: (finding: Finding) => void): [string, JsonObject][] {
  const found = new Map<string, JsonObject>()
  for (const method of METHODS) {
    const operation = ownObject(item, method)
    if (operation !== undefined) found.set(method.toUpperCase(), operation)
  }
  for (const [name, operation] of Object.entries(ownObject(item, 'additionalOperations') ?? table())) {
    const problem = METHODS_NEVER_ROUTED.has(name.toUpperCase())
      ? 'is never routed'
      : !/^[A-Z][A-Z0-9-]{0,39}$/.test(name) || !isObject(operation)
        ? 'is not a method'
        : undefined
    if (problem !== undefined) note(finding('PATH_SKIPPED', `method "${clean(name, 40)}" of path "${clean(path, 200)}" ${problem}`))
    else if (isObject(operation) && !found.has(name)) found.set(name, operation)
  }
  return [...found]
}

/** CONNECT asks for a tunnel, and PRI opens HTTP/2 (RFC 9113, section 3.4). */
const METHODS_NEVER_ROUTED: ReadonlySet<string> = new Set(['CONNECT', 'PRI', 'TRACE'])

/** The path prefix of the first server. Other hosts are never followed: a schema must not say where traffic goes. */
function prefixOf(servers: readonly unknown[] | undefined): { readonly prefix: string; readonly problem?: string } {
  const server = servers?.[0]
  const url = isObject(server) ? withVariables(ownText(server, 'url') ?? '', server) : ''
  if (url === '' || url === '/' || url === '.' || url === './') return { prefix: '' }
  if (/^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(url)) {
    const path = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/]*(\/[^?#]*[^/?#])/i.exec(url)?.[1]
    return path === undefined
      ? { prefix: '' }
      : {
          prefix: '',
          problem: `servers[0].url is absolute, so its path ${clean(path, 100)} is not used; make it relative if the service has its API there`,
        }
  }
  const path = `/${withoutEndSlashes(url.replace(/^\.?\//, ''))}`
  const pattern = toPathPattern(path)
  if ('problem' in pattern || /[{}]/.test(path)) return { prefix: '', problem: `servers[0].url "${clean(url, 100)}" is not a usable path` }
  return { prefix: path === '/' ? '' : path }
}

export { pointerTokens, resolveItem, resolvePointer } from './pointers.ts'
