import { isObject, own, ownObject, ownText } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

/** Whether a document has the shape that FARP's own merger uses: `{ package, services: { Name: { methods } } }`. */
export function isSimpleShape(document: JsonObject): boolean {
  return ownObject(document, 'services') !== undefined
}

/**
 * The simple shape as a FileDescriptorSet with one file. It says less than a real one: types without a package mean the document's own, and fields whose
 * type is no scalar are messages, or enums where the document has an enum of that name.
 */
export function fromSimpleShape(document: JsonObject): JsonObject {
  const name = ownText(document, 'package') ?? ''
  const enums = ownObject(document, 'enums') ?? {}
  const messages = ownObject(document, 'messages') ?? {}
  const qualified = (type: string): string => {
    if (type.startsWith('.')) return type
    const isOwn = !type.includes('.') || Object.hasOwn(messages, type) || Object.hasOwn(enums, type)
    return isOwn && name !== '' ? `.${name}.${type}` : `.${type}`
  }
  const file = {
    name: `${name === '' ? 'services' : name.replaceAll('.', '/')}.proto`,
    ...(name === '' ? {} : { package: name }),
    messageType: objectsOf(messages).map(([messageName, message]) => ({
      name: messageName,
      field: objectsOf(ownObject(message, 'fields') ?? {}).map(([fieldName, field]) => fieldOf(fieldName, field, { qualified, enums })),
    })),
    enumType: objectsOf(enums).map(([enumName, item]) => ({
      name: enumName,
      value: Object.entries(ownObject(item, 'values') ?? {})
        .flatMap(([valueName, number]) => (Number.isInteger(number) ? [{ name: valueName, number: number as number }] : []))
        // The first value of an open enum has to be 0.
        .sort((a, b) => Number(a.number !== 0) - Number(b.number !== 0) || a.number - b.number),
    })),
    service: objectsOf(ownObject(document, 'services') ?? {}).map(([serviceName, service]) => ({
      name: serviceName,
      method: objectsOf(ownObject(service, 'methods') ?? {}).map(([methodName, method]) => ({
        name: methodName,
        inputType: qualified(ownText(method, 'input_type') ?? ''),
        outputType: qualified(ownText(method, 'output_type') ?? ''),
        ...(own(method, 'client_streaming') === true ? { clientStreaming: true } : {}),
        ...(own(method, 'server_streaming') === true ? { serverStreaming: true } : {}),
      })),
    })),
    syntax: 'proto3',
  }
  return { file: [file] }
}

function objectsOf(members: JsonObject): [string, JsonObject][] {
  return Object.entries(members).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
}

const SCALARS: ReadonlySet<string> = new Set(
  'double float int64 uint64 int32 fixed64 fixed32 bool string bytes uint32 sfixed32 sfixed64 sint32 sint64'.split(' '),
)

interface Names {
  readonly qualified: (type: string) => string
  readonly enums: JsonObject
}

function fieldOf(name: string, field: JsonObject, { qualified, enums }: Names): JsonObject {
  const type = ownText(field, 'type') ?? ''
  const number = own(field, 'number')
  return {
    name,
    ...(Number.isInteger(number) ? { number } : {}),
    label: own(field, 'repeated') === true ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL',
    ...(SCALARS.has(type)
      ? { type: `TYPE_${type.toUpperCase()}` }
      : { type: Object.hasOwn(enums, type) ? 'TYPE_ENUM' : 'TYPE_MESSAGE', typeName: qualified(type) }),
    ...(own(field, 'optional') === true ? { proto3Optional: true } : {}),
  }
}
