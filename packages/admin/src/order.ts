/** Compares by code unit: the same order on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** A sorted copy, by the texts that `key` gives, the first of them first. */
export function sortedBy<T>(items: Iterable<T>, key: (item: T) => readonly string[]): T[] {
  const keyed = Array.from(items, (item) => ({ item, keys: key(item) }))
  keyed.sort((a, b) => {
    for (const [i, text] of a.keys.entries()) {
      const order = compareText(text, b.keys[i] ?? '')
      if (order !== 0) return order
    }
    return 0
  })
  return keyed.map(({ item }) => item)
}
