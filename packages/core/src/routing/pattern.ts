/** One segment of a path pattern. Literals are percent-decoded, as are the request's segments before they are compared. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'partial'; readonly parts: readonly string[]; readonly names: readonly string[] }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string }

/** A parsed path pattern. */
export interface Pattern {
  /** As it was written. */
  readonly path: string
  readonly segments: readonly Segment[]
  /** Parameter names in the order their values are found. */
  readonly names: readonly string[]
  /** Equal for patterns that match the same paths: parameter names left out. */
  readonly key: string
}

/**
 * Parses a route's path. Throws `TypeError` with the reason.
 *
 * `:name` and `*` are syntax only at the start of a segment (`/items:batch` is a literal); `{name}` may be a whole segment or a part of one.
 */
export function parsePattern(path: string): Pattern {
  if (!path.startsWith('/')) throw new TypeError(`A path starts with "/"; "${path}" does not.`)
  if (/[?#\\\u0000-\u0020\u007f]/.test(path)) throw new TypeError(`"${path}" contains a character that cannot stand in a path.`)
  const texts = path.slice(1).split('/')
  const segments = texts.map((text, index) => parseSegment(text, { path, isLast: index === texts.length - 1 }))
  return { path, segments, names: namesIn(segments, path), key: segments.map(keyOf).join('/') }
}

const NO_NAMES: readonly string[] = Object.freeze([])

function namesIn(segments: readonly Segment[], path: string): readonly string[] {
  if (segments.every(({ kind }) => kind === 'literal')) return NO_NAMES
  const names = segments.flatMap(namesOf)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new TypeError(`"${path}" names the parameter "${twice}" twice.`)
  return shared(nameLists, names.join('/'), names)
}

/** Thousands of routes have few different parameters: one object for all of a kind is in the processor's cache when it is needed. */
const nameLists = new Map<string, readonly string[]>()
const params = new Map<string, Segment>()

function shared<T>(known: Map<string, T>, key: string, value: T): T {
  const one = known.get(key)
  if (one !== undefined) return one
  // Names come from documents of services, too, which may make up as many as they like.
  if (known.size >= 1_024) known.clear()
  known.set(key, value)
  return value
}

function paramOf(name: string): Segment {
  return shared(params, name, { kind: 'param', name })
}

const parsed = new WeakMap<object, Pattern>()

/** The pattern of a route's definition, parsed once however often it is validated, compared and placed. Throws as `parsePattern` does. */
export function patternOf(definition: { readonly path: string }): Pattern {
  const known = parsed.get(definition)
  if (known?.path === definition.path) return known
  const pattern = parsePattern(definition.path)
  parsed.set(definition, pattern)
  return pattern
}

function parseSegment(text: string, at: { path: string; isLast: boolean }): Segment {
  if (text === '' && !at.isLast) throw new TypeError(`"${at.path}" contains an empty segment.`)
  if (text === '.' || text === '..') throw new TypeError(`"${at.path}" contains a dot segment.`)
  if (text.startsWith('*')) {
    if (!at.isLast) throw new TypeError(`"*" matches the rest of a path, so it must be the last segment of "${at.path}".`)
    return { kind: 'rest', name: text.length === 1 ? '*' : checkName(text.slice(1), at.path) }
  }
  if (text.startsWith(':')) return paramOf(checkName(text.slice(1), at.path))
  if (!/[{}]/.test(text)) return { kind: 'literal', text: decode(text, at.path) }
  return parsePartial(text, at.path)
}

function parsePartial(text: string, path: string): Segment {
  const parts: string[] = []
  const names: string[] = []
  let from = 0
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    parts.push(decode(text.slice(from, match.index), path))
    names.push(checkName(match[1]!, path))
    from = match.index + match[0].length
  }
  parts.push(decode(text.slice(from), path))
  if (names.length === 0 || parts.some((part) => /[{}]/.test(part))) throw new TypeError(`"${path}" has an unbalanced brace.`)
  if (parts.slice(1, -1).includes('')) throw new TypeError(`"${path}" has two parameters side by side: nothing tells where one ends.`)
  if (names.length === 1 && parts[0] === '' && parts[1] === '') return paramOf(names[0]!)
  return { kind: 'partial', parts, names }
}

function checkName(name: string, path: string): string {
  if (!/^[\w.-]{1,128}$/.test(name))
    throw new TypeError(`"${name}" is not a parameter name (letters, digits, "_", "-", "."), in "${path}".`)
  return name
}

function decode(text: string, path: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError(`"${path}" contains an invalid percent-encoding.`)
  }
}

function namesOf(segment: Segment): readonly string[] {
  if (segment.kind === 'literal') return []
  return segment.kind === 'partial' ? segment.names : [segment.name]
}

function keyOf(segment: Segment): string {
  switch (segment.kind) {
    case 'literal':
      return `=${encodeURIComponent(segment.text)}`
    case 'partial':
      return `~${segment.parts.map((part) => encodeURIComponent(part)).join('{}')}`
    case 'param':
      return ':'
    case 'rest':
      return '*'
  }
}

/** The parameters of a partly literal segment, or `undefined`. Linear: each part is searched once, the last one is anchored at the end. */
export function matchPartial(parts: readonly string[], text: string): string[] | undefined {
  const first = parts[0]!
  const last = parts[parts.length - 1]!
  if (!text.startsWith(first) || !text.endsWith(last)) return undefined
  const values: string[] = []
  const end = text.length - last.length
  let from = first.length
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i]!
    const at = text.indexOf(part, from + 1)
    if (at === -1 || at + part.length > end) return undefined
    values.push(text.slice(from, at))
    from = at + part.length
  }
  if (from >= end) return undefined
  values.push(text.slice(from, end))
  return values
}
