/** Takes note of something odd: what it is, and where, as a JSON pointer (RFC 6901) from the object that is read. */
export type Note = (message: string, pointer: string) => void

/** A member's name as part of a JSON pointer. */
export function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
