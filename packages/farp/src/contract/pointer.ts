/** A JSON pointer one step further (RFC 6901, section 3). */
export function step(pointer: string, ...names: readonly (string | number)[]): string {
  return pointer + names.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
