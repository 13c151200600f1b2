import { matchPartial } from './pattern.ts'
import type { Pattern, Segment } from './pattern.ts'

/** What stands at the end of a pattern: one value per method, and one for every method. */
export interface Leaf<T> {
  readonly names: Map<T, readonly string[]>
  readonly methods: Map<string, T>
  any: T | null
}

interface Node<T> {
  literals: Map<string, Node<T>> | null
  partials: { readonly parts: readonly string[]; readonly node: Node<T> }[] | null
  param: Node<T> | null
  rest: Leaf<T> | null
  leaf: Leaf<T> | null
}

/** A value found, with the raw values of its parameters. */
export interface Found<T> {
  readonly value: T
  readonly names: readonly string[]
  readonly values: readonly string[]
}

const NONE: readonly string[] = []

/**
 * A tree of path segments: literal before partly literal before parameter before rest, left to right, with backtracking. A candidate that does
 * not take the method is passed over. Each node is visited at most once per look-up, so no request can make it expensive.
 */
export class PathTree<T> {
  readonly #root: Node<T> = emptyNode()
  readonly #literal = new Map<string, Leaf<T>>()

  /** Adds a value; returns the one already there for the same pattern and method (`null` for any method), which stays. */
  add(pattern: Pattern, method: string | null, value: T): T | null {
    const leaf = this.#leafFor(pattern)
    const before = method === null ? leaf.any : (leaf.methods.get(method) ?? null)
    if (before !== null) return before
    if (method === null) leaf.any = value
    else leaf.methods.set(method, value)
    leaf.names.set(value, pattern.names)
    if (pattern.literal !== null) this.#literal.set(pattern.literal, leaf)
    return null
  }

  #leafFor(pattern: Pattern): Leaf<T> {
    let node = this.#root
    for (const segment of pattern.segments) {
      if (segment.kind === 'rest') return (node.rest ??= emptyLeaf())
      node = childFor(node, segment)
    }
    return (node.leaf ??= emptyLeaf())
  }

  find(path: string, method: string): Found<T> | null {
    const literal = this.#literal.get(path)
    if (literal !== undefined) {
      const value = valueFor(literal, method)
      if (value !== null) return { value, names: NONE, values: NONE }
    }
    return walk(this.#root, { path, method, values: [] }, 1)
  }

  /** Every method that some pattern matching this path takes. */
  methodsAt(path: string): Set<string> {
    const methods = new Set<string>()
    walk(this.#root, { path, method: '', values: [], visit: (leaf) => leaf.methods.forEach((_, method) => methods.add(method)) }, 1)
    return methods
  }
}

interface Search<T> {
  readonly path: string
  readonly method: string
  readonly values: string[]
  /** Called for every leaf that matches the path, whatever its methods. */
  readonly visit?: (leaf: Leaf<T>) => void
}

function walk<T>(node: Node<T>, search: Search<T>, start: number): Found<T> | null {
  const { path } = search
  const slash = path.indexOf('/', start)
  const end = slash === -1 ? path.length : slash
  const raw = path.slice(start, end)
  const text = raw.includes('%') ? decodeURIComponent(raw) : raw
  const next = slash === -1 ? -1 : slash + 1
  const depth = search.values.length

  const literal = node.literals?.get(text)
  if (literal !== undefined) {
    const found = descend(literal, search, next)
    if (found !== null) return found
  }
  if (node.partials !== null) {
    for (const partial of node.partials) {
      const values = matchPartial(partial.parts, text)
      if (values === undefined) continue
      search.values.push(...values)
      const found = descend(partial.node, search, next)
      if (found !== null) return found
      search.values.length = depth
    }
  }
  if (node.param !== null && text !== '') {
    search.values.push(text)
    const found = descend(node.param, search, next)
    if (found !== null) return found
    search.values.length = depth
  }
  return node.rest === null ? null : settle(node.rest, search, path.slice(start))
}

function descend<T>(node: Node<T>, search: Search<T>, next: number): Found<T> | null {
  if (next !== -1) return walk(node, search, next)
  const found = node.leaf === null ? null : settle(node.leaf, search, null)
  // A rest also matches zero segments: `/api/*` answers `/api`.
  return found !== null || node.rest === null ? found : settle(node.rest, search, '')
}

function settle<T>(leaf: Leaf<T>, search: Search<T>, rest: string | null): Found<T> | null {
  search.visit?.(leaf)
  const value = valueFor(leaf, search.method)
  if (value === null) return null
  if (rest !== null) search.values.push(rest.includes('%') ? decodeURIComponent(rest) : rest)
  return { value, names: leaf.names.get(value)!, values: search.values }
}

function valueFor<T>(leaf: Leaf<T>, method: string): T | null {
  const value = leaf.methods.get(method)
  if (value !== undefined) return value
  // RFC 9110, section 9.3.2: HEAD is answered wherever GET is.
  const get = method === 'HEAD' ? leaf.methods.get('GET') : undefined
  return get ?? (method === '' ? null : leaf.any)
}

function childFor<T>(node: Node<T>, segment: Exclude<Segment, { kind: 'rest' }>): Node<T> {
  if (segment.kind === 'param') return (node.param ??= emptyNode())
  if (segment.kind === 'literal') {
    const literals = (node.literals ??= new Map<string, Node<T>>())
    let child = literals.get(segment.text)
    if (child === undefined) literals.set(segment.text, (child = emptyNode()))
    return child
  }
  const partials = (node.partials ??= [])
  const same = partials.find((partial) => partial.parts.join('\0') === segment.parts.join('\0'))
  if (same !== undefined) return same.node
  const child = emptyNode<T>()
  partials.push({ parts: segment.parts, node: child })
  // More literal text first: `{id}.json` before `{id}`-like wide patterns; then by text, so that order of addition does not matter.
  partials.sort((a, b) => b.parts.join('').length - a.parts.join('').length || (a.parts.join('\0') < b.parts.join('\0') ? -1 : 1))
  return child
}

function emptyNode<T>(): Node<T> {
  return { literals: null, partials: null, param: null, rest: null, leaf: null }
}

function emptyLeaf<T>(): Leaf<T> {
  return { names: new Map(), methods: new Map(), any: null }
}
