/** A parsed JSON object. Read it with `own`: members such as `constructor` must not come from the prototype. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object: neither `null` nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own member of a JSON object, or `undefined`. */
export function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** An own member that is an object, or `undefined`. */
export function ownObject(object: JsonObject, name: string): JsonObject | undefined {
  const value = own(object, name)
  return isObject(value) ? value : undefined
}

/** An own member that is a list; an empty list for anything else. */
export function ownList(object: JsonObject, name: string): readonly unknown[] {
  const value = own(object, name)
  return Array.isArray(value) ? value : []
}

/** An own member that is a text, or `undefined`. */
export function ownText(object: JsonObject, name: string): string | undefined {
  const value = own(object, name)
  return typeof value === 'string' ? value : undefined
}

/** An object without a prototype: names from the network, `__proto__` included, are only data in it. */
export function table<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  const result = Object.create(null) as Record<string, T>
  for (const [name, value] of entries) result[name] = value
  return result
}

/** How a value fails the limits for parsed data, or `undefined`. Walks without recursion and stops at the first violation. */
export function violation(value: unknown, limits: { readonly depth: number; readonly nodes: number }): string | undefined {
  const pending: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }]
  let nodes = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (++nodes > limits.nodes) return `it has more than ${limits.nodes} values`
    if (typeof next.value !== 'object' || next.value === null) continue
    if (next.depth > limits.depth) return `it is nested more than ${limits.depth} levels deep`
    for (const child of Object.values(next.value)) pending.push({ value: child, depth: next.depth + 1 })
  }
  return undefined
}

/** Whether two parsed JSON values are equal, whatever the order of object members. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
}
