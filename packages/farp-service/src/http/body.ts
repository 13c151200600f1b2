import { Buffer } from 'node:buffer'
/** A request's body, or `undefined` when it is larger than `most` bytes: it is not read further. */
export async function readBounded(
  request: { readonly body: ReadableStream<Uint8Array> | null },
  most: number,
): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > most) {
      await reader.cancel()
      return undefined
    }
    chunks.push(value)
  }
  return Buffer.concat(chunks)
}
