/** The bytes of a request's body, or why they could not be had. Stops reading at the limit; no `Content-Length` is believed. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array | 'too large' | 'the body broke off'> {
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > limit) return 'too large'
      chunks.push(chunk)
    }
  } catch {
    // Whoever sent it is gone, or will read this answer.
    return 'the body broke off'
  }
  return Buffer.concat(chunks)
}
