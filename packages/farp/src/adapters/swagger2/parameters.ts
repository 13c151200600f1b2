import { isObject, own, ownObject, ownText, table } from '../../json.ts'
import { followed, placeOf } from './refs.ts'
import { convertSchema, schemaOfItem } from './schema.ts'
import { extensionsOf } from '../notes.ts'
import type { JsonObject } from '../../json.ts'
import type { Refs } from './refs.ts'

/** What a list of parameters becomes. */
export interface ConvertedParameters {
  readonly parameters: readonly JsonObject[]
  readonly requestBody: JsonObject | undefined
}

/** Parameters, with the body and the form fields among them as a request body of these media types. */
export function convertParameters(
  list: readonly unknown[],
  consumes: readonly string[],
  refs: Refs,
  ownConsumes: boolean,
): ConvertedParameters {
  const parameters: JsonObject[] = []
  const fields: JsonObject[] = []
  let requestBody: JsonObject | undefined
  for (const item of list) {
    const parameter = followed(item, refs.document)
    if (!isObject(item)) continue
    const ref = own(item, '$ref')
    if (parameter === undefined) parameters.push(item)
    else if (placeOf(parameter) === 'inline') fields.push(parameter)
    else if (placeOf(parameter) === 'requestBodies')
      requestBody =
        typeof ref === 'string' && isNamed(ref) && !ownConsumes
          ? table([['$ref', refs.parameter(ref, 'requestBodies')]])
          : convertBody(parameter, consumes, refs)
    else if (typeof ref === 'string' && isNamed(ref)) parameters.push(table([['$ref', refs.parameter(ref, 'parameters')]]))
    else parameters.push(convertParameter(parameter, refs))
  }
  return { parameters, requestBody: requestBody ?? (fields.length > 0 ? convertForm(fields, consumes, refs) : undefined) }
}

function isNamed(ref: string): boolean {
  return /^#\/parameters\/[^/]+$/.test(ref)
}

/** A parameter of path, query or header. */
export function convertParameter(parameter: JsonObject, refs: Refs): JsonObject {
  const at = ownText(parameter, 'in') ?? ''
  const converted = table<unknown>([
    ...['name', 'in', 'description', 'required', 'deprecated'].flatMap((name): [string, unknown][] =>
      Object.hasOwn(parameter, name) ? [[name, parameter[name]]] : [],
    ),
    ...extensionsOf(parameter).filter(([name]) => name !== 'x-nullable'),
  ])
  if (at === 'path') converted['required'] = true
  if (at === 'query' && own(parameter, 'allowEmptyValue') === true) converted['allowEmptyValue'] = true
  Object.assign(converted, styleOf(parameter, at))
  converted['schema'] = schemaOfItem(parameter, refs)
  return converted
}

/** How the items of a list are written. OpenAPI 3 has no tabs: those are kept by name. */
function styleOf(item: JsonObject, at: string): JsonObject {
  if (ownText(item, 'type') !== 'array') return table()
  const format = ownText(item, 'collectionFormat') ?? 'csv'
  const isList = at === 'query' || at === 'formData'
  if (!isList) return format === 'csv' ? table() : table([['x-collection-format', format]])
  switch (format) {
    case 'multi':
      return table<unknown>([
        ['style', 'form'],
        ['explode', true],
      ])
    case 'ssv':
      return table<unknown>([
        ['style', 'spaceDelimited'],
        ['explode', false],
      ])
    case 'pipes':
      return table<unknown>([
        ['style', 'pipeDelimited'],
        ['explode', false],
      ])
    case 'csv':
      return table<unknown>([
        ['style', 'form'],
        ['explode', false],
      ])
    default:
      return table<unknown>([
        ['style', 'form'],
        ['explode', false],
        ['x-collection-format', format],
      ])
  }
}

/** The body parameter. */
export function convertBody(parameter: JsonObject, consumes: readonly string[], refs: Refs): JsonObject {
  const schema = convertSchema(ownObject(parameter, 'schema') ?? table(), refs)
  const types = consumes.length > 0 ? consumes : ['application/json']
  const body = table<unknown>([['content', table(types.map((type) => [type, table([['schema', schema]])]))], ...extensionsOf(parameter)])
  const description = ownText(parameter, 'description')
  if (description !== undefined) body['description'] = description
  if (own(parameter, 'required') === true) body['required'] = true
  const name = ownText(parameter, 'name')
  if (name !== undefined) body['x-body-name'] = name
  return body
}

const FORMS: ReadonlySet<string> = new Set(['multipart/form-data', 'application/x-www-form-urlencoded'])

function convertForm(fields: readonly JsonObject[], consumes: readonly string[], refs: Refs): JsonObject {
  const hasFile = fields.some((field) => ownText(field, 'type') === 'file')
  const said = consumes.filter((type) => FORMS.has(type.toLowerCase()))
  const types = hasFile ? ['multipart/form-data'] : said.length > 0 ? said : ['application/x-www-form-urlencoded']
  const nameOf = (field: JsonObject): string => ownText(field, 'name') ?? ''
  const properties = table(
    fields.map((field): [string, JsonObject] => {
      const description = ownText(field, 'description')
      const schema = table<unknown>([
        ...Object.entries(schemaOfItem(field, refs)),
        ...extensionsOf(field).filter(([name]) => name !== 'x-nullable'),
      ])
      if (description !== undefined) schema['description'] = description
      return [nameOf(field), schema]
    }),
  )
  const required = fields.filter((field) => own(field, 'required') === true).map(nameOf)
  const schema = table<unknown>([
    ['type', 'object'],
    ['properties', properties],
    ...(required.length > 0 ? [['required', required] as const] : []),
  ])
  const encoding = fields.flatMap((field): [string, JsonObject][] => {
    const style = styleOf(field, 'formData')
    return Object.keys(style).length > 0 ? [[nameOf(field), style]] : []
  })
  const content = table(
    types.map((type): [string, JsonObject] => [
      type,
      table<unknown>([['schema', schema], ...(encoding.length > 0 ? [['encoding', table(encoding)] as const] : [])]),
    ]),
  )
  return table<unknown>([['content', content], ...(required.length > 0 ? [['required', true] as const] : [])])
}
