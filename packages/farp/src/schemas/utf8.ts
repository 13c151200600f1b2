/** The text of UTF-8 bytes without a byte order mark, or `undefined` when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // The only failure of a fatal decoder is malformed input, which is the answer.
    return undefined
  }
}
