/** A JSON answer that no cache keeps without asking again. */
export function json(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache', ...headers },
  })
}

/** A short text. */
export function text(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
  })
}

/** A body with a validator: 304 for whoever has it already (RFC 9110, 13.1.2). */
export function tagged(request: Request, body: Uint8Array<ArrayBuffer> | string, { type, etag }: { type: string; etag: string }): Response {
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag }
  const known = request.headers.get('if-none-match')
  const isKnown = known !== null && known.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
  return isKnown ? new Response(null, { status: 304, headers: { etag, 'cache-control': 'no-cache' } }) : new Response(body, { headers })
}
