import { slices } from '../slices.ts'

/** What is sorted without a pause: well under a millisecond. */
const RUN = 512

/** The same items in order, stable, as `Array.prototype.sort` gives them, in turns with whatever else waits for the thread. */
export async function sorted<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<readonly T[]> {
  const turn = slices()
  let runs: (readonly T[])[] = []
  for (let from = 0; from < items.length; from += RUN) {
    runs.push(items.slice(from, from + RUN).sort(compare))
    await turn()
  }
  while (runs.length > 1) {
    const next: (readonly T[])[] = []
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i]!, runs[i + 1]]
      next.push(b === undefined ? a : await merged(a, b, { compare, turn }))
    }
    runs = next
  }
  return runs[0] ?? []
}

async function merged<T>(
  a: readonly T[],
  b: readonly T[],
  how: { readonly compare: (a: T, b: T) => number; readonly turn: ReturnType<typeof slices> },
): Promise<readonly T[]> {
  // What comes from one author is often in order already.
  if (how.compare(a.at(-1)!, b[0]!) <= 0) return [...a, ...b]
  const out: T[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    out.push(how.compare(b[j]!, a[i]!) < 0 ? b[j++]! : a[i++]!)
    if (out.length % RUN === 0) await how.turn()
  }
  while (i < a.length) out.push(a[i++]!)
  while (j < b.length) out.push(b[j++]!)
  return out
}
