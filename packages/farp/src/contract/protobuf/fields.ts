import type { Direction } from '../change.ts'
import type { Entry } from '../ledger.ts'
import type { EnumModel, FieldModel, MessageModel, ProtobufModel } from './model.ts'
import type { Ledger } from '../ledger.ts'

/** What comparing messages needs. */
interface Models {
  readonly previous: ProtobufModel
  readonly next: ProtobufModel
  readonly ledger: Ledger
}

interface Subject {
  /** The full name. */
  readonly name: string
  readonly direction: Direction
}

/** Compares a message, and what its fields hold. Each is looked at once. */
export function compareMessage(subject: Subject, models: Models): void {
  const { name, direction } = subject
  const { previous, next, ledger } = models
  const before = previous.messages.get(name)
  const after = next.messages.get(name)
  ledger.once(`${direction} message ${name}`, () => {
    if (before === undefined || after === undefined) {
      // Common types (google.protobuf) are often left out of a set, on both sides.
      if (before === after) return
      const description = `the message is ${after === undefined ? 'not' : 'only'} in the new set, so it was not compared`
      ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: name, description, direction })
      return
    }
    for (const field of before.fields.values()) compareField(field, { before, after, subject }, models)
    for (const field of after.fields.values()) if (!before.fields.has(field.number)) noteNew(field, { before, subject }, ledger)
  })
}

interface Fields {
  readonly before: MessageModel
  readonly after: MessageModel
  readonly subject: Subject
}

function compareField(field: FieldModel, { before, after, subject }: Fields, models: Models): void {
  const { ledger } = models
  const { name, direction } = subject
  const path = `${name}.${field.name}`
  const add = (entry: Omit<Entry, 'path' | 'direction'>): void => ledger.add({ ...entry, path, direction })
  const follower = after.fields.get(field.number)
  const renumbered = [...after.fields.values()].find((other) => other.name === field.name && other.number !== field.number)
  if (renumbered !== undefined && before.fields.get(renumbered.number) === undefined && follower?.name !== field.name) {
    const description = `the number changed from ${field.number} to ${renumbered.number}`
    add({ type: 'field_type_changed', effect: 'breaking', severity: 'critical', description })
    return
  }
  if (follower === undefined) {
    noteGone(field, after, add, direction)
    return
  }
  if (follower.name !== field.name) {
    const description = `number ${field.number} is called ${follower.name} now: the same in protobuf, another name in JSON`
    add({ type: 'endpoint_changed', effect: 'unknown', severity: 'low', description })
  }
  if (follower.isRepeated !== field.isRepeated) {
    const description = `it is ${follower.isRepeated ? 'repeated' : 'a single value'} now`
    add({ type: 'field_type_changed', effect: 'breaking', severity: 'critical', description })
  }
  if (follower.isRequired !== field.isRequired) {
    const isSafe = follower.isRequired ? direction === 'response' : direction === 'request'
    const type = follower.isRequired ? 'field_required' : 'field_optional'
    const description = follower.isRequired ? 'it is required now' : 'it may be absent now'
    add({ type, effect: isSafe ? 'safe' : 'breaking', severity: isSafe ? 'low' : 'critical', description })
  }
  if (follower.oneof !== field.oneof) {
    const description = `it ${follower.oneof === undefined ? 'is in no oneof any more' : `is in the oneof ${follower.oneof} now`}`
    add({ type: 'field_type_changed', effect: 'breaking', severity: 'high', description })
  }
  if (!field.isDeprecated && follower.isDeprecated) {
    add({ type: 'deprecated', effect: 'safe', severity: 'low', description: 'it is deprecated now' })
  }
  compareTypes(field, follower, { add, direction }, models)
}

type Add = (entry: Omit<Entry, 'path' | 'direction'>) => void

function noteGone(field: FieldModel, after: MessageModel, add: Add, direction: Direction): void {
  if (field.isRequired && direction === 'response') {
    add({ type: 'field_removed', effect: 'breaking', severity: 'critical', description: 'the required field is gone' })
  } else if (!after.reserved.has(field.number)) {
    const description = `the field is gone, and its number ${field.number} is not reserved: it can come back with another meaning`
    add({ type: 'field_removed', effect: 'breaking', severity: 'high', description })
  } else {
    // On the wire nothing breaks; whether a client can do without the value is another question.
    const description = `the field is gone, and its number ${field.number} is reserved`
    add({
      type: 'field_removed',
      effect: direction === 'response' ? 'unknown' : 'safe',
      severity: direction === 'response' ? 'medium' : 'low',
      description,
    })
  }
}

function noteNew(field: FieldModel, { before, subject }: Omit<Fields, 'after'>, ledger: Ledger): void {
  const { name, direction } = subject
  const path = `${name}.${field.name}`
  if (before.reserved.has(field.number)) {
    const description = `number ${field.number} was reserved and is used again`
    ledger.add({ type: 'field_type_changed', effect: 'breaking', severity: 'high', path, description, direction })
  }
  // Renumbered: told where the old one is.
  if ([...before.fields.values()].some((other) => other.name === field.name)) return
  const isNeeded = field.isRequired && direction === 'request'
  ledger.add({
    type: isNeeded ? 'field_required' : 'field_added',
    effect: isNeeded ? 'breaking' : 'safe',
    severity: isNeeded ? 'critical' : 'low',
    path,
    description: isNeeded ? 'the new field is required' : 'the field is new',
    direction,
  })
}

/** Types that read each other's bytes (protobuf.dev, "Updating A Message Type"). */
const ALIKE: readonly ReadonlySet<string>[] = [
  new Set(['TYPE_INT32', 'TYPE_UINT32', 'TYPE_INT64', 'TYPE_UINT64', 'TYPE_BOOL', 'TYPE_ENUM']),
  new Set(['TYPE_SINT32', 'TYPE_SINT64']),
  new Set(['TYPE_FIXED32', 'TYPE_SFIXED32']),
  new Set(['TYPE_FIXED64', 'TYPE_SFIXED64']),
  new Set(['TYPE_STRING', 'TYPE_BYTES']),
]

function compareTypes(
  field: FieldModel,
  follower: FieldModel,
  { add, direction }: { readonly add: Add; readonly direction: Direction },
  models: Models,
): void {
  const told = ({ type, typeName }: FieldModel): string => typeName || type.replace('TYPE_', '').toLowerCase()
  if (field.type !== follower.type || field.typeName !== follower.typeName) {
    const isAlike = field.type !== follower.type && ALIKE.some((group) => group.has(field.type) && group.has(follower.type))
    const description = `the type changed from ${told(field)} to ${told(follower)}${isAlike ? ': the bytes are read, but values may be cut off' : ''}`
    add({ type: 'field_type_changed', effect: isAlike ? 'unknown' : 'breaking', severity: isAlike ? 'medium' : 'critical', description })
    return
  }
  if (field.type === 'TYPE_MESSAGE' || field.type === 'TYPE_GROUP') compareMessage({ name: field.typeName, direction }, models)
  if (field.type === 'TYPE_ENUM') compareEnum({ name: field.typeName, direction }, models)
}

function compareEnum({ name, direction }: Subject, { previous, next, ledger }: Models): void {
  const before = previous.enums.get(name)
  const after = next.enums.get(name)
  if (before === undefined || after === undefined) {
    if (before === after) return
    const description = `the enumeration is ${after === undefined ? 'not' : 'only'} in the new set, so it was not compared`
    ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: name, description, direction })
    return
  }
  ledger.once(`${direction} enum ${name}`, () => compareEnumValues({ name, direction }, { before, after }, ledger))
}

function compareEnumValues(
  { name, direction }: Subject,
  { before, after }: { readonly before: EnumModel; readonly after: EnumModel },
  ledger: Ledger,
): void {
  const numbers = new Map([...after.values].flatMap(([number, names]) => names.map((value) => [value, number] as const)))
  const old = new Set([...before.values.values()].flat())
  for (const [number, names] of before.values) {
    const value = names[0]!
    const path = `${name}.${value}`
    const followers = after.values.get(number)
    const renumbered = numbers.get(value)
    if (renumbered !== undefined && renumbered !== number) {
      const description = `the number changed from ${number} to ${renumbered}`
      ledger.add({ type: 'enum_value_removed', effect: 'breaking', severity: 'critical', path, description, direction })
    } else if (followers === undefined) {
      const isReserved = after.reserved.has(number)
      const description = `the value is gone${isReserved ? ', and its number is reserved' : ', and its number is not reserved'}`
      // Nobody sends it any more: what comes out is less than before.
      const effect = isReserved && direction === 'response' ? 'safe' : 'breaking'
      ledger.add({ type: 'enum_value_removed', effect, severity: effect === 'safe' ? 'low' : 'high', path, description, direction })
    } else if (!followers.includes(value)) {
      const description = `number ${number} is called ${followers[0]!} now: the same in protobuf, another name in JSON`
      ledger.add({ type: 'endpoint_changed', effect: 'unknown', severity: 'low', path, description, direction })
    }
  }
  for (const [number, names] of after.values) {
    if (before.values.has(number) || names.some((value) => old.has(value))) continue
    const isSafe = direction === 'request'
    const description = `the value is new${before.isOpen || isSafe ? '' : '; clients of a closed enumeration drop it'}`
    ledger.add({
      type: 'enum_value_added',
      effect: isSafe ? 'safe' : 'unknown',
      severity: isSafe ? 'low' : 'medium',
      path: `${name}.${names[0]!}`,
      description,
      direction,
    })
  }
}
