/**
 * The host name of a Host field or authority: lower-case, without port and trailing dot; `null` when it is not valid
 * (RFC 9110, section 7.2). Results are remembered: clients send few different values.
 */
export function hostName(field: string): string | null {
  if (field.length > LONGEST) return null
  const known = cache.get(field)
  if (known !== undefined) return known
  const name = parse(field)
  // Bounded against clients that invent names.
  if (cache.size >= 1024) cache.clear()
  cache.set(field, name)
  return name
}

const cache = new Map<string, string | null>()
/** A name of 253 characters, a dot and a port: nothing longer is worth remembering. */
const LONGEST = 260

function parse(field: string): string | null {
  const match = /^(\[[0-9a-fA-F:.]{2,45}\]|[\w.~-]{1,253})(?::(\d{1,5}))?$/.exec(field)
  if (match === null) return null
  if (match[2] !== undefined && Number(match[2]) > 65_535) return null
  const name = match[1]!.toLowerCase()
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  if (bare === '' || bare.includes('..') || bare.startsWith('.')) return null
  // `999.1.1.1` and `[:::]` have the right letters and yet no URL can be made of them.
  return URL.canParse(`http://${bare}/`) ? bare : null
}

/** How a route's host is written: exact, `*.suffix`, `label.*`, or any. Throws `TypeError` when it is none of them. */
export type HostPattern = { readonly kind: 'any' } | { readonly kind: 'exact' | 'suffix' | 'label'; readonly text: string }

export function parseHost(host: string | undefined): HostPattern {
  if (host === undefined || host === '*') return { kind: 'any' }
  const text = host.toLowerCase()
  const inner = text.startsWith('*.') ? text.slice(2) : text.endsWith('.*') ? text.slice(0, -2) : text
  if (inner.includes('*') || hostName(inner) !== inner) {
    throw new TypeError(`"${host}" is not a host: write api.example.com, *.example.com or api.* (without a port).`)
  }
  if (text.startsWith('*.')) return { kind: 'suffix', text: inner }
  if (text.endsWith('.*')) {
    if (inner.includes('.')) throw new TypeError(`"${host}" is not a host: "label.*" takes one label.`)
    return { kind: 'label', text: inner }
  }
  return { kind: 'exact', text }
}

/** One value per host pattern, found from the most to the least specific. */
export class HostIndex<T> {
  readonly #exact = new Map<string, T>()
  readonly #suffix = new Map<string, T>()
  readonly #label = new Map<string, T>()
  #any: T | undefined
  #onlyAny = true

  get(pattern: HostPattern): T | undefined {
    return pattern.kind === 'any' ? this.#any : this.#map(pattern.kind).get(pattern.text)
  }

  set(pattern: HostPattern, value: T): void {
    if (pattern.kind === 'any') {
      this.#any = value
      return
    }
    this.#onlyAny = false
    this.#map(pattern.kind).set(pattern.text, value)
  }

  #map(kind: 'exact' | 'suffix' | 'label'): Map<string, T> {
    return kind === 'exact' ? this.#exact : kind === 'suffix' ? this.#suffix : this.#label
  }

  /** The first result of `visit`, over exact, longest suffix, first label, any. */
  find<R>(host: string, visit: (value: T) => R | null): R | null {
    if (!this.#onlyAny) {
      const found = this.#findNamed(host, visit)
      if (found !== null) return found
    }
    return this.#any === undefined ? null : visit(this.#any)
  }

  #findNamed<R>(host: string, visit: (value: T) => R | null): R | null {
    const exact = this.#exact.get(host)
    if (exact !== undefined) {
      const found = visit(exact)
      if (found !== null) return found
    }
    if (this.#suffix.size > 0) {
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        const value = this.#suffix.get(host.slice(dot + 1))
        const found = value === undefined ? null : visit(value)
        if (found !== null) return found
      }
    }
    const dot = host.indexOf('.')
    const label = this.#label.get(dot === -1 ? host : host.slice(0, dot))
    return label === undefined ? null : visit(label)
  }
}
