import { isObject, own, ownList, ownObject, ownText } from '../../json.ts'
import type { JsonObject } from '../../json.ts'

/** One field of a message. */
export interface FieldModel {
  readonly name: string
  readonly number: number
  /** `TYPE_STRING`… */
  readonly type: string
  /** Of a message or an enumeration: its full name. */
  readonly typeName: string
  readonly isRepeated: boolean
  readonly isRequired: boolean
  /** A real one; what `optional` makes in proto3 is none. */
  readonly oneof: string | undefined
  readonly isDeprecated: boolean
}

/** A message type. */
export interface MessageModel {
  readonly fields: ReadonlyMap<number, FieldModel>
  readonly reserved: Reserved
}

/** An enumeration. */
export interface EnumModel {
  readonly values: ReadonlyMap<number, readonly string[]>
  readonly reserved: Reserved
  /** proto3: values nobody knows arrive as numbers. */
  readonly isOpen: boolean
}

/** Numbers and names that are not to be used again. */
export interface Reserved {
  has(number: number): boolean
}

/** One method of a service. */
export interface MethodModel {
  readonly input: string
  readonly output: string
  readonly clientStreaming: boolean
  readonly serverStreaming: boolean
  readonly isDeprecated: boolean
}

/** A FileDescriptorSet, by full names. */
export interface ProtobufModel {
  readonly services: ReadonlyMap<string, ReadonlyMap<string, MethodModel>>
  readonly messages: ReadonlyMap<string, MessageModel>
  readonly enums: ReadonlyMap<string, EnumModel>
}

/** Reads a FileDescriptorSet in protobuf's JSON mapping; `undefined` when it is none. */
export function modelOf(document: JsonObject): ProtobufModel | undefined {
  if (!Array.isArray(own(document, 'file'))) return undefined
  const services = new Map<string, ReadonlyMap<string, MethodModel>>()
  const messages = new Map<string, MessageModel>()
  const enums = new Map<string, EnumModel>()
  for (const file of objects(document, 'file')) {
    const scope = ownText(file, 'package') ?? ''
    const isOpen = ownText(file, 'syntax') === 'proto3'
    addEnums(objects(file, 'enumType'), { scope, isOpen, enums })
    const pending = objects(file, 'messageType').map((message) => ({ scope, message }))
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const name = join(next.scope, ownText(next.message, 'name') ?? '')
      messages.set(name, messageOf(next.message))
      addEnums(objects(next.message, 'enumType'), { scope: name, isOpen, enums })
      pending.push(...objects(next.message, 'nestedType').map((message) => ({ scope: name, message })))
    }
    for (const service of objects(file, 'service')) {
      const methods = objects(service, 'method').map((method) => [ownText(method, 'name') ?? '', methodOf(method)] as const)
      services.set(join(scope, ownText(service, 'name') ?? ''), new Map(methods))
    }
  }
  return { services, messages, enums }
}

function objects(owner: JsonObject, name: string): JsonObject[] {
  return ownList(owner, name).filter(isObject)
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`
}

function full(name: string): string {
  return name.replace(/^\./, '')
}

function methodOf(method: JsonObject): MethodModel {
  return {
    input: full(ownText(method, 'inputType') ?? ''),
    output: full(ownText(method, 'outputType') ?? ''),
    clientStreaming: own(method, 'clientStreaming') === true,
    serverStreaming: own(method, 'serverStreaming') === true,
    isDeprecated: isDeprecated(method),
  }
}

function isDeprecated(owner: JsonObject): boolean {
  return own(ownObject(owner, 'options') ?? {}, 'deprecated') === true
}

function messageOf(message: JsonObject): MessageModel {
  const oneofs = objects(message, 'oneofDecl').map((oneof) => ownText(oneof, 'name') ?? '')
  const fields = objects(message, 'field').map((field): [number, FieldModel] => {
    const number = Number(own(field, 'number') ?? 0)
    const index = own(field, 'oneofIndex')
    const oneof = index === undefined || own(field, 'proto3Optional') === true ? undefined : oneofs[Number(index)]
    return [
      number,
      {
        name: ownText(field, 'name') ?? '',
        number,
        type: ownText(field, 'type') ?? (ownText(field, 'typeName') === undefined ? '' : 'TYPE_MESSAGE'),
        typeName: full(ownText(field, 'typeName') ?? ''),
        isRepeated: ownText(field, 'label') === 'LABEL_REPEATED',
        isRequired: ownText(field, 'label') === 'LABEL_REQUIRED',
        oneof,
        isDeprecated: isDeprecated(field),
      },
    ]
  })
  // The end of a message's range is the first number that is free again.
  return { fields: new Map(fields), reserved: reservedIn(message, 0) }
}

function addEnums(
  list: readonly JsonObject[],
  { scope, isOpen, enums }: { readonly scope: string; readonly isOpen: boolean; readonly enums: Map<string, EnumModel> },
): void {
  for (const item of list) {
    const values = new Map<number, string[]>()
    for (const value of objects(item, 'value')) {
      const number = Number(own(value, 'number') ?? 0)
      values.set(number, [...(values.get(number) ?? []), ownText(value, 'name') ?? ''])
    }
    // The end of an enumeration's range belongs to it.
    enums.set(join(scope, ownText(item, 'name') ?? ''), { values, reserved: reservedIn(item, 1), isOpen })
  }
}

function reservedIn(owner: JsonObject, more: number): Reserved {
  const ranges = objects(owner, 'reservedRange').map(
    (range) => [Number(own(range, 'start') ?? 0), Number(own(range, 'end') ?? 0) + more] as const,
  )
  return { has: (number) => ranges.some(([start, end]) => number >= start && number < end) }
}
