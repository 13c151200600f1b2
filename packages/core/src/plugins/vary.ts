import type { HeaderList } from '../headers.ts'

/** Adds a request field to `Vary` (RFC 9110, section 12.5.5), unless it is there already. */
export function addVary(headers: HeaderList, field: string): void {
  const before = headers.getAll('vary')
  if (before === undefined) {
    headers.append('vary', field)
    return
  }
  const names = before.toLowerCase().split(',')
  const name = field.toLowerCase()
  if (names.some((known) => known.trim() === '*' || known.trim() === name)) return
  headers.set('vary', `${before}, ${field}`)
}
