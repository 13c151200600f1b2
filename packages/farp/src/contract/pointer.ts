import { sha256 } from '../manifest/checksum.ts'

/** Longer names are cut: a place is written for everything below it, and a name may have megabytes. */
const LONGEST_NAME = 200

/** A JSON pointer one step further (RFC 6901, section 3). Of a very long name it has the beginning and a digest: different names stay different. */
export function step(pointer: string, ...names: readonly (string | number)[]): string {
  return pointer + names.map((name) => `/${short(String(name)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function short(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME / 2)}…${sha256(name).slice(0, 16)}`
}
