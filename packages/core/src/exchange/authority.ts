/** Host and port of an origin. */
export function authorityOf(origin: string): string {
  return origin.slice(origin.indexOf('//') + 2)
}
