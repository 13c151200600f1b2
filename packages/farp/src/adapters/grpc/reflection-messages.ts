import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A question of the reflection protocol; field numbers are those of `ServerReflectionRequest`. */
export type ReflectionQuestion = { readonly file: string } | { readonly symbol: string } | { readonly list: true }

/** An answer, as far as it is read. */
export type ReflectionAnswer =
  | { readonly kind: 'files'; readonly files: readonly Uint8Array[] }
  | { readonly kind: 'services'; readonly names: readonly string[] }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }

/** A `ServerReflectionRequest`. */
export function encodeQuestion(question: ReflectionQuestion): Uint8Array {
  const writer = new BinaryWriter()
  if ('file' in question) writer.tag(3, WireType.LengthDelimited).string(question.file)
  else if ('symbol' in question) writer.tag(4, WireType.LengthDelimited).string(question.symbol)
  else writer.tag(7, WireType.LengthDelimited).string('*')
  return writer.finish()
}

/** Reads a `ServerReflectionResponse`. Throws an `Error` for bytes that are none. */
export function decodeAnswer(bytes: Uint8Array): ReflectionAnswer {
  let answer: ReflectionAnswer = { kind: 'error', code: 2, message: 'the answer is empty' }
  for (const [field, value] of fieldsOf(bytes)) {
    if (typeof value === 'number') continue
    if (field === 4)
      answer = { kind: 'files', files: fieldsOf(value).flatMap(([no, file]) => (no === 1 && typeof file !== 'number' ? [file] : [])) }
    else if (field === 6) answer = { kind: 'services', names: namesOf(value) }
    else if (field === 7) answer = errorOf(value)
  }
  return answer
}

function namesOf(bytes: Uint8Array): string[] {
  return fieldsOf(bytes).flatMap(([field, service]) =>
    field === 1 && typeof service !== 'number'
      ? fieldsOf(service).flatMap(([no, name]) => (no === 1 && typeof name !== 'number' ? [text(name)] : []))
      : [],
  )
}

function errorOf(bytes: Uint8Array): ReflectionAnswer {
  const fields = new Map(fieldsOf(bytes))
  const [code, message] = [fields.get(1), fields.get(2)]
  return { kind: 'error', code: typeof code === 'number' ? code : 2, message: message instanceof Uint8Array ? text(message) : '' }
}

/** The fields of a message, in order: numbers, and the bytes of what has a length. */
function fieldsOf(bytes: Uint8Array): [number, number | Uint8Array][] {
  const reader = new BinaryReader(bytes)
  const fields: [number, number | Uint8Array][] = []
  while (reader.pos < bytes.length) {
    const [field, wireType] = reader.tag()
    if (wireType === WireType.LengthDelimited) fields.push([field, reader.bytes()])
    else if (wireType === WireType.Varint) fields.push([field, reader.int32()])
    else reader.skip(wireType, field)
  }
  return fields
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
