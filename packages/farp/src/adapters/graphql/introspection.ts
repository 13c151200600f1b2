import { buildClientSchema, printSchema } from 'graphql'
import { isObject, own, ownList, ownObject, ownText } from '../../json.ts'
import { messageOf } from '../../text.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { IntrospectionQuery } from 'graphql'
import type { JsonObject } from '../../json.ts'

/** The `__schema` of an introspection result, bare or in the `data` of an answer, or `undefined`. */
export function introspected(value: JsonObject): JsonObject | undefined {
  return ownObject(value, '__schema') ?? ownObject(ownObject(value, 'data') ?? {}, '__schema')
}

/** What an introspection result says, as schema language. Throws `SchemaError`. */
export function toSdl(schema: JsonObject): string {
  try {
    return printSchema(buildClientSchema({ __schema: completed(schema) } as unknown as IntrospectionQuery, { assumeValid: true }))
  } catch (thrown) {
    throw new SchemaError(`its introspection result is incomplete: ${messageOf(thrown).slice(0, 200)}`)
  }
}

const SCALARS = ['String', 'Int', 'Float', 'Boolean', 'ID'] as const

/** Lists that are empty may be left out, and so may the scalars that every schema has: peers that write results by hand do both. */
function completed(schema: JsonObject): JsonObject {
  const types = ownList(schema, 'types').filter(isObject).map(completedType)
  const names = new Set(types.map((type) => ownText(type, 'name')))
  const missing = SCALARS.filter((name) => !names.has(name)).map((name) => ({ kind: 'SCALAR', name }))
  return {
    ...schema,
    types: [...types, ...missing],
    directives: ownList(schema, 'directives')
      .filter(isObject)
      .map((directive) => ({ ...directive, args: ownList(directive, 'args'), locations: ownList(directive, 'locations') })),
  }
}

function completedType(type: JsonObject): JsonObject {
  const lists = ['interfaces', 'possibleTypes', 'enumValues', 'inputFields'].map((name) => [name, ownList(type, name)] as const)
  return {
    ...type,
    ...Object.fromEntries(lists),
    fields: ownList(type, 'fields')
      .filter(isObject)
      .map((field) => ({ ...field, args: own(field, 'args') ?? [] })),
  }
}
