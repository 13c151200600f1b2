import { finding } from '../findings.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { checkSchemaValue, parseSchema, SchemaError } from '../schemas/parse.ts'
import { clean } from '../text.ts'
import { toPathPattern } from './path-pattern.ts'
import type { Finding } from '@octopus-gateway/core'
import type { AdaptedSchema, SchemaAdapter, SchemaOperation } from './adapter.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** TRACE is left out: a proxied TRACE shows a client the fields that the gateway added. */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const

/** OpenAPI 3, in JSON or YAML. */
export const openApiAdapter: SchemaAdapter = {
  read: parseSchema,
  check: checkSchemaValue,
  adapt: (document, { limits }) => adaptOpenApi(document, limits),
}

/** Reads an OpenAPI 3 document. Pure. Throws `SchemaError` when it is none, or larger than the limits. */
export function adaptOpenApi(document: JsonObject, limits: Limits): AdaptedSchema {
  const version = ownText(document, 'openapi') ?? ''
  if (!/^3\.\d+/.test(version))
    throw new SchemaError(version === '' ? 'it has no "openapi" member' : `OpenAPI ${clean(version, 20)} is not supported; use 3.0 or 3.1`)
  const paths = Object.entries(ownObject(document, 'paths') ?? table()).filter(([path]) => !path.startsWith('x-'))
  if (paths.length > limits.paths) throw new SchemaError(`it has ${paths.length} paths; the limit is ${limits.paths}`)
  const findings = new Map<string, Finding>()
  const note = (item: Finding): void => void findings.set(item.message, item)
  const seen = new Set<string>()
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
    return operationsOf({ path, ...pattern }, { item: resolved, document, note }).filter(
      ({ method, key }) => !seen.has(`${method} ${key}`) && seen.add(`${method} ${key}`),
    )
  })
  if (operations.length > limits.operations)
    throw new SchemaError(`it has ${operations.length} operations; the limit is ${limits.operations}`)
  return { operations, findings: capped([...findings.values()]) }
}

function skipped(path: string, problem: string): Finding {
  return finding('PATH_SKIPPED', `path "${clean(path, 200)}" is not routed: ${problem}`)
}

/** A few findings say as much as thousands. */
function capped(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= 20) return findings
  return [...findings.slice(0, 20), finding('PATH_SKIPPED', `${findings.length - 20} more findings about paths were left out`)]
}

interface Place {
  readonly path: string
  readonly pattern: string
  readonly key: string
}

interface Surroundings {
  readonly item: JsonObject
  readonly document: JsonObject
  readonly note: (finding: Finding) => void
}

function operationsOf(place: Place, { item, document, note }: Surroundings): SchemaOperation[] {
  return METHODS.flatMap((method) => {
    const operation = ownObject(item, method)
    if (operation === undefined) return []
    const server = prefixOf([operation, item, document].map((owner) => ownList(owner, 'servers')).find((list) => list.length > 0))
    if (server.problem !== undefined) note(finding('SERVER_IGNORED', server.problem))
    return [
      {
        ...place,
        method: method.toUpperCase(),
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
        extensions: table(Object.entries(operation).filter(([name]) => name.startsWith('x-'))),
      },
    ]
  })
}

function label(object: JsonObject, name: string): string | undefined {
  const text = ownText(object, name)
  return text === undefined ? undefined : clean(text, 500)
}

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
  const path = `/${url.replace(/^\.?\//, '').replace(/\/+$/, '')}`
  const pattern = toPathPattern(path)
  if ('problem' in pattern || /[{}]/.test(path)) return { prefix: '', problem: `servers[0].url "${clean(url, 100)}" is not a usable path` }
  return { prefix: path === '/' ? '' : path }
}

function withVariables(url: string, server: JsonObject): string {
  const variables = ownObject(server, 'variables') ?? table()
  return url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = ownObject(variables, name)
    return (variable === undefined ? undefined : ownText(variable, 'default')) ?? whole
  })
}

/** A path item, through local references; other documents are never read, and a circle ends. */
export function resolveItem(item: unknown, document: JsonObject): JsonObject | undefined {
  let current = item
  for (let steps = 0; steps < 16; steps++) {
    if (!isObject(current)) return undefined
    const ref = ownText(current, '$ref')
    if (ref === undefined) return current
    current = resolvePointer(document, ref)
  }
  return undefined
}

/** What a local reference (`#/components/…`) points at, or `undefined`. */
export function resolvePointer(document: JsonObject, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let current: unknown = document
  for (const token of pointerTokens(ref)) {
    if (Array.isArray(current)) current = /^\d+$/.test(token) ? current[Number(token)] : undefined
    else current = isObject(current) ? own(current, token) : undefined
  }
  return current
}

/** The tokens of a local reference, decoded (RFC 6901, section 6). */
export function pointerTokens(ref: string): string[] {
  const pointer = ref.slice(1)
  if (pointer === '' || !pointer.startsWith('/')) return pointer === '' ? [] : [pointer]
  return pointer
    .slice(1)
    .split('/')
    .map((token) => decodeSafely(token).replaceAll('~1', '/').replaceAll('~0', '~'))
}

function decodeSafely(text: string): string {
  return /%(?![0-9a-f]{2})/i.test(text)
    ? text
    : text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => new TextDecoder().decode(Buffer.from(run.replaceAll('%', ''), 'hex')))
}
