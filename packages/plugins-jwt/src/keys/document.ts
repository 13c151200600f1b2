/** Bounds of one fetch. */
export interface FetchBounds {
  /** Milliseconds for everything. */
  readonly timeout: number
  /** Bytes of the body, decoded. */
  readonly bytes: number
  /** Ends the fetch. */
  readonly signal: AbortSignal
}

/** A JSON document over HTTP. Redirects are not followed: the keys are where the operator says, not where an answer says. */
export async function fetchJson(url: string, { timeout, bytes, signal }: FetchBounds): Promise<unknown> {
  const controller = new AbortController()
  const stop = (): void => controller.abort(new Error('the gateway does not need it any more'))
  const timer = setTimeout(() => controller.abort(new Error(`there was no whole answer within ${timeout} ms`)), timeout)
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const response = await fetch(url, { redirect: 'manual', headers, signal: controller.signal })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`the status is ${response.status}, not 200`)
    }
    return JSON.parse(await readText(response, bytes)) as unknown
  } catch (thrown) {
    throw controller.signal.aborted ? controller.signal.reason : thrown
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

async function readText(response: Response, most: number): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let size = 0
  // Leaving the loop cancels the rest of the body.
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > most) throw new Error(`the document has more than ${most} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
