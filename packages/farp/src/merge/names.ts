/** Hands out names, each once. */
export class Names {
  readonly #taken = new Set<string>()
  /** What was tried last: names of other alphabets all become the same one, and thousands of operations may want one id. */
  readonly #counts = new Map<string, number>()

  /** `wanted`, or `wanted_2`, `wanted_3`… within `scope`. */
  take(scope: string, wanted: string): string {
    const key = `${scope}\n${wanted}`
    let name = wanted
    if (this.#taken.has(key)) {
      let count = this.#counts.get(key) ?? 2
      while (this.#taken.has(`${key}_${count}`)) count++
      this.#counts.set(key, count + 1)
      name = `${wanted}_${count}`
    }
    this.#taken.add(`${scope}\n${name}`)
    return name
  }
}

/** A name as `components` allows it: letters, digits, `.`, `-` and `_`. */
export function componentName(text: string): string {
  const name = text.replaceAll(/[^A-Za-z0-9._-]/g, '_')
  return name === '' ? '_' : name
}

/** One token of a reference into the merged document: escaped as JSON pointer (RFC 6901) and as URI fragment. */
export function pointerToken(text: string): string {
  const escaped = text.replaceAll('~', '~0').replaceAll('/', '~1')
  return escaped.replaceAll(/[^A-Za-z0-9._~!$&'()*+,;=:@-]+/g, (run) => encodeURIComponent(run))
}
