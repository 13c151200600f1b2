/** A table of what came as JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The value, or `undefined` when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

/** A field of what came from the network, or `undefined`. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Whether it is a table: no list, no `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text, or `undefined`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A text with something in it, without what is blank around it, or `undefined`. */
export function wordOf(value: unknown): string | undefined {
  return textOf(value)?.trim() || undefined
}

/** A list; what is none is empty. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A table of texts; what is none is left out. */
export function textsOf(value: unknown): Map<string, string> {
  return new Map(Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** A table of texts; numbers, `true` and `false` are texts as well, and what is none of these is left out. */
export function wordsOf(value: unknown): Map<string, string> {
  const plain = Object.entries(isObject(value) ? value : {}).filter(([, one]) => ['string', 'number', 'boolean'].includes(typeof one))
  return new Map(plain.map(([name, one]) => [name, String(one)]))
}

/** A port number, or `undefined`. */
export function portOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536 ? value : undefined
}
