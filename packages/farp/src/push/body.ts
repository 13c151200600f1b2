import { decodeUtf8 } from '../schemas/utf8.ts'
import { isObject, violation } from '../json.ts'
import { PushError } from './push-error.ts'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'

/** The JSON object in a request's body. Stops reading at the limit, whatever the request says of its length. Throws `PushError`. */
export async function readBody(request: Request, limits: Limits): Promise<JsonObject> {
  const coding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  // A few bytes could become gigabytes, and no peer encodes what it pushes.
  if (coding !== '' && coding !== 'identity') throw new PushError(415, 'CONTENT_CODING', 'send the body without a content coding')
  const bytes = await bytesOf(request, limits)
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new PushError(400, 'INVALID_BODY', 'the body is not UTF-8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new PushError(400, 'INVALID_BODY', 'the body is not JSON')
  }
  const problem = violation(value, limits)
  if (problem !== undefined) throw new PushError(400, 'INVALID_BODY', `the body is refused: ${problem}`)
  if (!isObject(value)) throw new PushError(400, 'INVALID_BODY', 'the body is not a JSON object')
  return value
}

async function bytesOf(request: Request, limits: Limits): Promise<Uint8Array> {
  if (request.body === null) throw new PushError(400, 'INVALID_BODY', 'the body is missing')
  if (Number(request.headers.get('content-length') ?? 0) > limits.pushBytes) throw tooLarge(limits)
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader()
  let isLate = false
  // A body that trickles in would hold its place for hours.
  const timer = setTimeout(() => {
    isLate = true
    reader.cancel().catch(() => {})
  }, limits.totalMs)
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (isLate) throw new PushError(408, 'TIMEOUT', `the body did not arrive within ${limits.totalMs} ms`)
      if (done) return Buffer.concat(chunks)
      length += value.length
      if (length > limits.pushBytes) throw tooLarge(limits)
      chunks.push(value)
    }
  } catch (thrown) {
    reader.cancel().catch(() => {})
    throw thrown instanceof PushError ? thrown : new PushError(400, 'INVALID_BODY', 'the body broke off')
  } finally {
    clearTimeout(timer)
  }
}

function tooLarge({ pushBytes }: Limits): PushError {
  // What is left of the body must not be read as the next request.
  return new PushError(413, 'PAYLOAD_TOO_LARGE', `the body has more than ${pushBytes} bytes`, { headers: { connection: 'close' } })
}
