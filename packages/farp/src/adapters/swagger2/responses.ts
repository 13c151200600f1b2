import { isObject, own, ownObject, ownText, table } from '../../json.ts'
import { convertSchema, schemaOfItem } from './schema.ts'
import { extensionsOf } from '../notes.ts'
import type { JsonObject } from '../../json.ts'
import type { Refs } from './refs.ts'

/** The responses of an operation, for the media types it produces. */
export function convertResponses(responses: JsonObject, produces: readonly string[], refs: Refs): JsonObject {
  return table(
    Object.entries(responses).map(([status, response]) => [
      status,
      isObject(response) && !status.startsWith('x-') ? convertResponse(response, produces, refs) : response,
    ]),
  )
}

/** One response: its schema and its examples by media type, its headers with schemas. */
export function convertResponse(response: JsonObject, produces: readonly string[], refs: Refs): JsonObject {
  const ref = own(response, '$ref')
  if (typeof ref === 'string') return table([['$ref', refs.response(ref)]])
  const converted = table<unknown>([['description', ownText(response, 'description') ?? ''], ...extensionsOf(response)])
  const headers = Object.entries(ownObject(response, 'headers') ?? table()).filter(([, header]) => isObject(header))
  if (headers.length > 0) converted['headers'] = table(headers.map(([name, header]) => [name, convertHeader(header as JsonObject, refs)]))
  const examples = ownObject(response, 'examples') ?? table()
  const given = ownObject(response, 'schema')
  const schema = given === undefined ? undefined : convertSchema(given, refs)
  const isFile = given !== undefined && ownText(given, 'type') === 'file'
  const types = produces.length > 0 ? produces : [isFile ? 'application/octet-stream' : 'application/json']
  const content = [...new Set([...(schema === undefined ? [] : types), ...Object.keys(examples)])]
  if (content.length > 0)
    converted['content'] = table(
      content.map((type): [string, JsonObject] => [
        type,
        table<unknown>([
          ...(schema === undefined ? [] : [['schema', schema] as const]),
          ...(Object.hasOwn(examples, type) ? [['example', examples[type]] as const] : []),
        ]),
      ]),
    )
  return converted
}

function convertHeader(header: JsonObject, refs: Refs): JsonObject {
  const converted = table<unknown>([
    ['schema', schemaOfItem(header, refs)],
    ...extensionsOf(header).filter(([name]) => name !== 'x-nullable'),
  ])
  const description = ownText(header, 'description')
  if (description !== undefined) converted['description'] = description
  return converted
}
