import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { SchemaError } from '../../schemas/parse.ts'
import type { DescMessage } from '@bufbuild/protobuf'
import type { Limits } from '../../limits.ts'

/** What an empty message costs in memory, in values of JSON. */
const MESSAGE_COST = 8

/**
 * Refuses descriptors that would cost more than they are long, before they are decoded: two bytes make an empty message, and ten million bytes of
 * those gigabytes of objects. Walks the bytes without recursion and makes nothing of them. Throws `SchemaError`.
 */
export function checkCost(bytes: Uint8Array, message: DescMessage, limits: Pick<Limits, 'depth' | 'nodes'>): number {
  const reader = new BinaryReader(bytes)
  const open: { readonly end: number; readonly fields: ReadonlyMap<number, DescMessage> }[] = []
  let cost = 0
  const enter = (length: number, desc: DescMessage): void => {
    const end = reader.pos + length
    if (end > (open.at(-1)?.end ?? bytes.length)) throw new SchemaError('a message in it is longer than what is around it')
    if (open.length === limits.depth) throw new SchemaError(`its messages are nested more than ${limits.depth} levels deep`)
    open.push({ end, fields: messagesIn(desc) })
    cost += MESSAGE_COST
  }
  enter(bytes.length, message)
  for (let current = open.at(-1); current !== undefined; current = open.at(-1)) {
    if (reader.pos >= current.end) {
      open.pop()
      continue
    }
    const [field, wireType] = reader.tag()
    const inner = wireType === WireType.LengthDelimited ? current.fields.get(field) : undefined
    if (inner === undefined) {
      if (wireType === WireType.StartGroup) throw new SchemaError('it contains a group, which descriptors do not have')
      reader.skip(wireType, field)
      cost++
    } else enter(reader.uint32(), inner)
    if (cost > limits.nodes) throw new SchemaError('it has more values than are read')
  }
  return cost
}

const known = new WeakMap<DescMessage, ReadonlyMap<number, DescMessage>>()

/** The fields of a message that are messages, by number. */
function messagesIn(desc: DescMessage): ReadonlyMap<number, DescMessage> {
  let fields = known.get(desc)
  if (fields === undefined) {
    fields = new Map(desc.fields.flatMap((field) => (field.message === undefined ? [] : [[field.number, field.message] as const])))
    known.set(desc, fields)
  }
  return fields
}
