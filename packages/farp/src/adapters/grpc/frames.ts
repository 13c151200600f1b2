import { SchemaError } from '../../schemas/parse.ts'

/** gRPC messages as the body of a request: each behind a flag byte and its length. */
export function frameMessages(messages: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.alloc(messages.reduce((sum, { length }) => sum + 5 + length, 0))
  let at = 0
  for (const message of messages) {
    body.writeUInt32BE(message.length, at + 1)
    body.set(message, at + 5)
    at += 5 + message.length
  }
  return body
}

/** The messages in the body of an answer. Throws `SchemaError` for what is cut off, and for what is compressed: nobody was asked to do that. */
export function messagesIn(body: Uint8Array): Uint8Array[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const messages: Uint8Array[] = []
  for (let at = 0; at < body.length;) {
    if (at + 5 > body.length) throw new SchemaError('the answer ends inside a frame')
    if (body[at] !== 0) throw new SchemaError('the answer is compressed, or no gRPC')
    const end = at + 5 + view.getUint32(at + 1)
    if (end > body.length) throw new SchemaError('the answer ends inside a message')
    messages.push(body.subarray(at + 5, end))
    at = end
  }
  return messages
}
