import type { WebBody } from './bodies.ts'

/** Reads a body and throws it away, `most` bytes of it; then it is given up. Rejects when it breaks off before. */
export async function drainBody(body: WebBody, most: number): Promise<void> {
  if (body === null || body instanceof Uint8Array) return
  const reader = body.getReader()
  let left = most
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    left -= value.byteLength
    if (left < 0) return reader.cancel()
  }
}
