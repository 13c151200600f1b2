/** As much of an OpenAPI document as a test service reads of its own; the rest is carried along. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly [member: string]: unknown
}

/** An operation of a document that a request calls. */
export interface OperationMatch {
  /** The path template. */
  readonly template: string
  readonly operationId: string | null
  readonly params: Readonly<Record<string, string>>
}

/**
 * A small valid OpenAPI 3.1 document from lines such as `GET /users/{id}`: operation ids (`getUsersId`), path parameters and
 * one JSON response each.
 */
export function openapiOf(title: string, operations: readonly string[], version = '1.0.0'): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const line of operations) {
    const [method = '', path = ''] = line.split(' ')
    const parameters = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }))
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = {
      operationId: operationIdOf(method, path),
      ...(parameters.length === 0 ? {} : { parameters }),
      responses: { '200': { description: 'The answer.', content: { 'application/json': { schema: { type: 'object' } } } } },
    }
  }
  return { openapi: '3.1.0', info: { title, version }, paths }
}

function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}

/** The operation that a method and a path (without query) call. Literal templates win over those with parameters. */
export function findOperation(document: OpenApiDocument, method: string, path: string): OperationMatch | undefined {
  const asked = path.split('/')
  const templates = Object.keys(document.paths).sort((a, b) => a.split('{').length - b.split('{').length || (a < b ? -1 : 1))
  for (const template of templates) {
    const item = document.paths[template]!
    const operation = item[method.toLowerCase()] ?? (method === 'HEAD' ? item['get'] : undefined)
    if (typeof operation !== 'object' || operation === null) continue
    const params = matchTemplate(template.split('/'), asked)
    if (params === undefined) continue
    const { operationId } = operation as { operationId?: unknown }
    return { template, operationId: typeof operationId === 'string' ? operationId : null, params }
  }
  return undefined
}

function matchTemplate(template: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (template.length !== path.length) return undefined
  const params: Record<string, string> = Object.create(null)
  for (const [i, segment] of template.entries()) {
    const name = /^\{(.+)\}$/.exec(segment)?.[1]
    if (name === undefined ? segment !== path[i] : path[i] === '') return undefined
    if (name !== undefined) params[name] = decodeURIComponent(path[i]!)
  }
  return params
}
