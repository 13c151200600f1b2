/** Freezes a JSON value with everything in it. Without recursion: the depth is the sender's choice. */
export function deepFreeze<T extends object>(root: T): T {
  const open: object[] = [root]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    Object.freeze(value)
    for (const inner of Object.values(value) as unknown[]) if (typeof inner === 'object' && inner !== null) open.push(inner)
  }
  return root
}
