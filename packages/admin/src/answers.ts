/** Data as JSON, indented for people. */
export function json(value: unknown): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  })
}

/** What a problem document says. */
export interface Problem {
  readonly status: number
  /** Stable, upper-case. */
  readonly code: string
  readonly title: string
  /** What to do about it. */
  readonly detail?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Members beside those of every problem. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** An RFC 9457 problem document. */
export function problem({ status, code, title, detail, headers, more }: Problem): Response {
  const body = JSON.stringify({ type: 'about:blank', title, status, code, ...(detail === undefined ? {} : { detail }), ...more })
  return new Response(`${body}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}

/** Bytes that a cache may keep as long as it asks each time whether they are still the same (RFC 9111, section 5.2.2.4). */
export async function revalidated(
  request: Request,
  content: { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<Response> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content.bytes))
  const etag = `"${Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}"`
  const headers = { 'cache-control': 'private, no-cache', etag }
  if (matches(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  return new Response(content.bytes, { headers: { ...headers, 'content-type': content.type } })
}

/** RFC 9110, section 13.1.2: weak comparison, `*` matches whatever is there. */
function matches(field: string | null, etag: string): boolean {
  if (field === null) return false
  return field.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
