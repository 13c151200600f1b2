import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { convertBody, convertParameter, convertParameters } from './parameters.ts'
import { convertResponse, convertResponses } from './responses.ts'
import { convertSchema } from './schema.ts'
import { convertScheme } from './security.ts'
import { extensionsOf } from '../notes.ts'
import { followed, placeOf, Refs } from './refs.ts'
import type { JsonObject } from '../../json.ts'

/** Whether a document is Swagger 2.0. */
export function isSwagger2(document: JsonObject): boolean {
  return ownText(document, 'swagger') === '2.0' || own(document, 'swagger') === 2
}

/**
 * A Swagger 2.0 document as OpenAPI 3.0: `basePath` as a relative server, definitions, parameters, responses and security definitions as components,
 * bodies and form fields as request bodies, media types from `consumes` and `produces`, every reference rewritten. `host` and `schemes` go: they say
 * where the world finds the service, which is the gateway's to say. The original is not changed.
 */
export function convertSwagger2(document: JsonObject): JsonObject {
  const refs = new Refs(document)
  const converted = table<unknown>([
    ['openapi', '3.0.3'],
    ['info', own(document, 'info') ?? { title: '', version: '' }],
    ...kept(document, ['tags', 'externalDocs', 'security']),
    ...extensionsOf(document),
  ])
  const base = ownText(document, 'basePath') ?? '/'
  if (base !== '/' && base !== '') converted['servers'] = [{ url: base }]
  converted['paths'] = table(
    Object.entries(ownObject(document, 'paths') ?? table()).map(([path, item]) => [
      path,
      isObject(item) && !path.startsWith('x-') ? convertItem(item, refs) : item,
    ]),
  )
  const components = convertComponents(refs)
  if (Object.keys(components).length > 0) converted['components'] = components
  return converted
}

function convertItem(item: JsonObject, refs: Refs): JsonObject {
  if (typeof own(item, '$ref') === 'string') return item
  const shared = ownList(item, 'parameters')
  const isBody = (parameter: unknown): boolean => {
    const found = followed(parameter, refs.document)
    return found !== undefined && placeOf(found) !== 'parameters'
  }
  // A body that all operations share has no place in a path item any more.
  const bodies = shared.filter(isBody)
  const converted = table<unknown>(extensionsOf(item))
  const { parameters } = convertParameters(
    shared.filter((parameter) => !isBody(parameter)),
    [],
    refs,
    false,
  )
  if (parameters.length > 0) converted['parameters'] = parameters
  for (const method of ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']) {
    const operation = ownObject(item, method)
    if (operation !== undefined) converted[method] = convertOperation(operation, bodies, refs)
  }
  return converted
}

function convertOperation(operation: JsonObject, bodies: readonly unknown[], refs: Refs): JsonObject {
  const { document } = refs
  const consumes = mediaTypes(operation, 'consumes') ?? mediaTypes(document, 'consumes') ?? []
  const produces = mediaTypes(operation, 'produces') ?? mediaTypes(document, 'produces') ?? []
  const { parameters, requestBody } = convertParameters(
    [...bodies, ...ownList(operation, 'parameters')],
    consumes,
    refs,
    Object.hasOwn(operation, 'consumes'),
  )
  return table<unknown>([
    ...kept(operation, ['tags', 'summary', 'description', 'externalDocs', 'operationId', 'deprecated', 'security']),
    ...extensionsOf(operation),
    ...(parameters.length > 0 ? [['parameters', parameters] as const] : []),
    ...(requestBody === undefined ? [] : [['requestBody', requestBody] as const]),
    ['responses', convertResponses(ownObject(operation, 'responses') ?? table(), produces, refs)],
  ])
}

function convertComponents(refs: Refs): JsonObject {
  const { document } = refs
  const consumes = mediaTypes(document, 'consumes') ?? []
  const produces = mediaTypes(document, 'produces') ?? []
  const parts = (name: string): [string, JsonObject][] =>
    Object.entries(ownObject(document, name) ?? table()).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
  const parameters = parts('parameters')
  const of = (place: string): [string, JsonObject][] => parameters.filter(([, parameter]) => placeOf(parameter) === place)
  const definitions = parts('definitions').map(([name, schema]) => [refs.nameOf('definitions', name), convertSchema(schema, refs)] as const)
  const components: [string, Iterable<readonly [string, unknown]>][] = [
    ['parameters', of('parameters').map(([name, parameter]) => [refs.nameOf('parameters', name), convertParameter(parameter, refs)])],
    [
      'requestBodies',
      of('requestBodies').map(([name, parameter]) => [refs.nameOf('parameters', name), convertBody(parameter, consumes, refs)]),
    ],
    [
      'responses',
      parts('responses').map(([name, response]) => [refs.nameOf('responses', name), convertResponse(response, produces, refs)]),
    ],
    ['securitySchemes', parts('securityDefinitions').map(([name, scheme]) => [name, convertScheme(scheme)])],
  ]
  // Last: the other parts may have moved schemas here.
  components.push(['schemas', [...definitions, ...refs.moved()]])
  return table(
    components.map(([kind, entries]) => [kind, table(entries)] as const).filter(([, entries]) => Object.keys(entries).length > 0),
  )
}

function kept(object: JsonObject, names: readonly string[]): [string, unknown][] {
  return names.flatMap((name): [string, unknown][] => (Object.hasOwn(object, name) ? [[name, object[name]]] : []))
}

/** Few: a body is written out for each of them. */
function mediaTypes(owner: JsonObject, name: string): string[] | undefined {
  const list = own(owner, name)
  return Array.isArray(list)
    ? [...new Set(list.filter((type): type is string => typeof type === 'string' && type !== ''))].slice(0, 20)
    : undefined
}
