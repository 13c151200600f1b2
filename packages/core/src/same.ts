/** Whether two values are the same data: plain objects, arrays and maps by structure, everything else (functions, clients) by reference. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, index) => sameData(value, b[index]))
  if (!isPlain(a) || !isPlain(b)) return false
  const keys = definedKeys(a)
  return keys.length === definedKeys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameData(a[key], b[key]))
}

// Deeper than options are, and an end for data that contains itself.
const DEEPEST = 8

/** A text that is the same for values that are the same data; different data may share one. To look among thousands without comparing with each. */
export function dataKey(value: unknown, depth = 0): string {
  if (depth > DEEPEST || typeof value === 'function' || typeof value === 'symbol') return '*'
  if (Array.isArray(value)) return `[${value.map((item) => dataKey(item, depth + 1)).join()}]`
  if (typeof value !== 'object' || value === null) return `${typeof value}:${Object.is(value, -0) ? '-0' : String(value)}`
  if (!isPlain(value)) return '*'
  const keys = definedKeys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${dataKey(value[key], depth + 1)}`).join()}}`
}

function definedKeys(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
