/**
 * Header fields as one flat list, `[name, value, name, value, …]`: the shape of Node's `rawHeaders`, of undici's `headers`
 * option and of `writeHead`, so that a head crosses the gateway without a conversion. Names keep the letter case they came
 * with and are compared without it (RFC 9110, section 5.1); repeated fields stay separate.
 */
export class HeaderList {
  /** The list itself. Read it freely; change it only through the methods. */
  readonly flat: string[]

  constructor(flat: string[] = []) {
    this.flat = flat
  }

  /** A list from anything with `[name, value]` pairs: `Headers`, a `Map`, an array of pairs. `set-cookie` of a `Headers` stays separate. */
  static from(fields: Iterable<readonly [string, string]>): HeaderList {
    const flat: string[] = []
    for (const [name, value] of fields) flat.push(name, value)
    return new HeaderList(flat)
  }

  /** The first value of a field, or `undefined`. `name` is lower-case. */
  get(name: string): string | undefined {
    const { flat } = this
    for (let i = 0; i < flat.length; i += 2) if (sameName(flat[i]!, name)) return flat[i + 1]
    return undefined
  }

  /** All values of a field joined with `, ` as RFC 9110, section 5.3 allows for list fields; `undefined` when there is none. */
  getAll(name: string): string | undefined {
    const { flat } = this
    let joined: string | undefined
    for (let i = 0; i < flat.length; i += 2) {
      if (sameName(flat[i]!, name)) joined = joined === undefined ? flat[i + 1] : `${joined}, ${flat[i + 1]}`
    }
    return joined
  }

  /** Every value of a field, in order. */
  values(name: string): string[] {
    const { flat } = this
    const found: string[] = []
    for (let i = 0; i < flat.length; i += 2) if (sameName(flat[i]!, name)) found.push(flat[i + 1]!)
    return found
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Puts one value in place of all values of this field. */
  set(name: string, value: string): void {
    const { flat } = this
    for (let i = 0; i < flat.length; i += 2) {
      if (sameName(flat[i]!, name)) {
        flat[i + 1] = value
        this.#deleteFrom(i + 2, name)
        return
      }
    }
    flat.push(name, value)
  }

  /** Adds a value beside those already there. */
  append(name: string, value: string): void {
    this.flat.push(name, value)
  }

  /** Removes every value of a field. */
  delete(name: string): void {
    this.#deleteFrom(0, name)
  }

  #deleteFrom(start: number, name: string): void {
    const { flat } = this
    let to = start
    for (let i = start; i < flat.length; i += 2) {
      if (sameName(flat[i]!, name)) continue
      if (to !== i) {
        flat[to] = flat[i]!
        flat[to + 1] = flat[i + 1]!
      }
      to += 2
    }
    flat.length = to
  }

  /** A list of its own with the same fields. */
  clone(): HeaderList {
    return new HeaderList(this.flat.slice())
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    const { flat } = this
    for (let i = 0; i < flat.length; i += 2) yield [flat[i]!, flat[i + 1]!]
  }
}

/** Whether a field name as received is `name`, which is lower-case. Length first: most names differ there. */
export function sameName(received: string, name: string): boolean {
  return received.length === name.length && (received === name || received.toLowerCase() === name)
}
