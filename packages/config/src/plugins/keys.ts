/** `jwks_url` as `jwksUrl`, at the level of types. */
export type CamelKey<K extends string> = K extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelKey<Tail>>}` : K

/** Options as code calls them; what was not written is not there. */
export type CamelOptions<T> = { readonly [K in keyof T & string as CamelKey<K>]?: Exclude<T[K], undefined> }

/** `jwks_url` as `jwksUrl`. */
export function camelKey(key: string): string {
  return key.replaceAll(/(?<=[^_])_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
}

/** A map with the keys that code uses. Maps inside stay as they are: their keys may be names, such as those of claims. */
export interface CamelMap {
  readonly value: Readonly<Record<string, unknown>>
  /** How each key was written. */
  readonly written: ReadonlyMap<string, string>
  /** Keys that were written twice, in two spellings. */
  readonly twice: readonly string[]
}

/** Renames the keys of a map. */
export function camelKeys(map: Readonly<Record<string, unknown>>): CamelMap {
  const value = Object.create(null) as Record<string, unknown>
  const written = new Map<string, string>()
  const twice: string[] = []
  for (const [key, item] of Object.entries(map)) {
    const camel = camelKey(key)
    if (written.has(camel)) twice.push(key)
    else if (item !== undefined) {
      written.set(camel, key)
      value[camel] = item
    }
  }
  return { value, written, twice }
}
