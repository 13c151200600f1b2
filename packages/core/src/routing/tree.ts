import { matchPartial } from './pattern.ts'
import type { Pattern, Segment } from './pattern.ts'

/** A value at the end of a pattern, for one method or (`null`) for every one. */
interface Held<T> {
  readonly method: string | null
  readonly value: T
  readonly names: readonly string[]
}

/** All values at the end of a pattern: nearly always one, so that a list is smaller and faster than a map. */
type Leaf<T> = Held<T>[]

interface Node<T> {
  /** The text of the only literal segment that follows, with its node: most have one. A map takes over from the second on. */
  text: string | null
  child: Node<T> | null
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
    const before = leaf.find((held) => held.method === method)
    if (before !== undefined) return before.value
    leaf.push({ method, value, names: pattern.names })
    if (pattern.literal !== null) this.#literal.set(pattern.literal, leaf)
    return null
  }

  #leafFor(pattern: Pattern): Leaf<T> {
    let node = this.#root
    for (const segment of pattern.segments) {
      if (segment.kind === 'rest') return (node.rest ??= [])
      node = childFor(node, segment)
    }
    return (node.leaf ??= [])
  }

  find(path: string, method: string): Found<T> | null {
    const literal = this.#literal.get(path)
    if (literal !== undefined) {
      const held = heldFor(literal, method)
      if (held !== null) return { value: held.value, names: NONE, values: NONE }
    }
    return walk(this.#root, { path, method, values: [] }, 1)
  }

  /** Every method that some pattern matching this path takes. */
  methodsAt(path: string): Set<string> {
    const methods = new Set<string>()
    walk(
      this.#root,
      { path, method: '', values: [], visit: (leaf) => leaf.forEach((held) => held.method !== null && methods.add(held.method)) },
      1,
    )
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

  const literal = node.text === text ? node.child : node.literals === null ? null : node.literals.get(text)
  if (literal !== undefined && literal !== null) {
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
  const held = heldFor(leaf, search.method)
  if (held === null) return null
  if (rest !== null) search.values.push(rest.includes('%') ? decodeURIComponent(rest) : rest)
  return { value: held.value, names: held.names, values: search.values }
}

/** The value for a method: its own before GET's for HEAD (RFC 9110, section 9.3.2: answered wherever GET is), before the one for every method. */
function heldFor<T>(leaf: Leaf<T>, method: string): Held<T> | null {
  let get: Held<T> | null = null
  let any: Held<T> | null = null
  for (let i = 0; i < leaf.length; i++) {
    const held = leaf[i]!
    if (held.method === method) return held
    if (held.method === null) any = held
    else if (held.method === 'GET') get = held
  }
  if (method === 'HEAD' && get !== null) return get
  return method === '' ? null : any
}

function childFor<T>(node: Node<T>, segment: Exclude<Segment, { kind: 'rest' }>): Node<T> {
  if (segment.kind === 'param') return (node.param ??= emptyNode())
  if (segment.kind === 'literal') {
    return literalChild(node, segment.text)
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

function literalChild<T>(node: Node<T>, text: string): Node<T> {
  if (node.literals === null) {
    if (node.child === null) {
      node.text = text
      return (node.child = emptyNode())
    }
    if (node.text === text) return node.child
    node.literals = new Map([[node.text!, node.child]])
    node.text = null
    node.child = null
  }
  let child = node.literals.get(text)
  if (child === undefined) node.literals.set(text, (child = emptyNode()))
  return child
}

function emptyNode<T>(): Node<T> {
  return { text: null, child: null, literals: null, partials: null, param: null, rest: null, leaf: null }
}
