const CONTROL = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * A text from the network for people: without control, line-separator and direction characters (they forge log lines and
 * rewrite terminals), at most `length` characters.
 */
export function clean(text: string, length = 500): string {
  const plain = /^[ -~]*$/.test(text) ? text : text.replaceAll(CONTROL, '')
  return plain.length > length ? `${plain.slice(0, length - 1)}…` : plain
}

/** Whether a text may stand as one path segment in a mount: `[A-Za-z0-9._~-]+`, but neither `.` nor `..`. */
export function isSegment(text: string): boolean {
  return /^[A-Za-z0-9._~-]{1,255}$/.test(text) && text !== '.' && text !== '..'
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Without slashes at its end. An expression for that would look at every run of slashes in a long text again and again. */
export function withoutEndSlashes(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '/') end--
  return text.slice(0, end)
}
