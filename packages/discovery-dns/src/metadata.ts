/** More than this is no metadata of a service. */
const MOST_PAIRS = 64
/** A string of a TXT record is no longer; a longer value goes on in the next one. Bytes. */
const LONGEST_STRING = 255

/** The pairs of TXT records: each string is `key=value`, or the rest of one that did not fit. A later record does not change an earlier one. */
export function metadataIn(records: readonly (readonly string[])[]): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>()
  for (const strings of records) {
    for (const text of wholeStrings(strings)) {
      const at = text.indexOf('=')
      const key = text.slice(0, at)
      // RFC 6763, 6.4 allows more; what has blanks in its name is a sentence.
      if (at > 0 && /^[\w./-]+$/.test(key) && !pairs.has(key) && pairs.size < MOST_PAIRS) pairs.set(key, text.slice(at + 1))
    }
  }
  return Object.fromEntries(pairs)
}

function wholeStrings(strings: readonly string[]): string[] {
  const whole: string[] = []
  let isUnfinished = false
  for (const text of strings) {
    if (isUnfinished) whole[whole.length - 1] += text
    else whole.push(text)
    isUnfinished = Buffer.byteLength(text) === LONGEST_STRING
  }
  return whole
}
