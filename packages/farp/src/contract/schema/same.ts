import { isObject, ownText } from '../../json.ts'
import { target } from './side.ts'
import type { Side } from './side.ts'

/** Whether two values say the same, references followed on both sides; circles that turn alike are equal. Gives up as "not the same" when it gets long. */
export function isSame(previous: unknown, next: unknown, sides: { readonly previous: Side; readonly next: Side }): boolean {
  const ids = new Map<object, number>()
  const idOf = (value: object): number => ids.get(value) ?? (ids.set(value, ids.size), ids.size - 1)
  const seen = new Set<string>()
  const pending: [unknown, unknown][] = [[previous, next]]
  for (let pair = pending.pop(), steps = 0; pair !== undefined; pair = pending.pop()) {
    if (++steps > 5_000) return false
    const [a, b] = pair
    if (Object.is(a, b) && (typeof a !== 'object' || a === null)) continue
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false
    const key = `${idOf(a)} ${idOf(b)}`
    if (seen.has(key)) continue
    seen.add(key)
    const names = Object.keys(a).filter((name) => !isNote(name))
    if (names.length !== Object.keys(b).filter((name) => !isNote(name)).length) return false
    for (const name of names) {
      if (!Object.hasOwn(b, name)) return false
      pending.push([(a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]])
    }
    const refs = [a, b].map((value) => (isObject(value) ? ownText(value, '$ref') : undefined))
    if (refs[0] !== undefined && refs[1] !== undefined) {
      pending.push([target(refs[0], sides.previous.document)?.value, target(refs[1], sides.next.document)?.value])
    }
  }
  return true
}

/** What is for people only. */
function isNote(name: string): boolean {
  return (
    name === 'description' || name === 'summary' || name === 'title' || name === 'example' || name === 'examples' || name === '$comment'
  )
}
