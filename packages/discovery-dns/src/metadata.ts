import { pairsIn } from '@octopus-gateway/discovery-support'

/** A string of a TXT record is no longer; a longer value goes on in the next one. Bytes. */
const LONGEST_STRING = 255

/** The pairs of TXT records: each string is `key=value`, or the rest of one that did not fit. A later record does not change an earlier one. */
export function metadataIn(records: readonly (readonly string[])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairsIn(records.flatMap(wholeStrings)))
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
