import { isObject, ownText } from '../../json.ts'
import { target } from './side.ts'
import type { Context } from './context.ts'
import type { Side } from './side.ts'

/** Whether two values say the same, references followed on both sides; circles that turn alike are equal. Gives up as "not the same" when it gets long. */
export function isSame(previous: unknown, next: unknown, context: Pick<Context, 'previous' | 'next' | 'ledger'>): boolean {
  const { same, steps } = compared(previous, next, context)
  context.ledger.spend(steps)
  return same
}

interface Compared {
  readonly same: boolean
  readonly steps: number
}

function compared(previous: unknown, next: unknown, sides: { readonly previous: Side; readonly next: Side }): Compared {
  const ids = new Map<object, number>()
  const idOf = (value: object): number => ids.get(value) ?? (ids.set(value, ids.size), ids.size - 1)
  const seen = new Set<string>()
  const pending: [unknown, unknown][] = [[previous, next]]
  let steps = 0
  const different = (): Compared => ({ same: false, steps })
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    if (++steps > 5_000) return different()
    const [a, b] = pair
    if (Object.is(a, b) && (typeof a !== 'object' || a === null)) continue
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
      return different()
    const key = `${idOf(a)} ${idOf(b)}`
    if (seen.has(key)) continue
    seen.add(key)
    const names = Object.keys(a).filter((name) => !isNote(name))
    if (names.length !== Object.keys(b).filter((name) => !isNote(name)).length) return different()
    for (const name of names) {
      if (!Object.hasOwn(b, name)) return different()
      pending.push([(a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]])
    }
    const refs = [a, b].map((value) => (isObject(value) ? ownText(value, '$ref') : undefined))
    if (refs[0] !== undefined && refs[1] !== undefined) {
      pending.push([target(refs[0], sides.previous.document)?.value, target(refs[1], sides.next.document)?.value])
    }
  }
  return { same: true, steps }
}

/** What is for people only. */
function isNote(name: string): boolean {
  return (
    name === 'description' || name === 'summary' || name === 'title' || name === 'example' || name === 'examples' || name === '$comment'
  )
}
