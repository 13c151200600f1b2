import { matchPartial } from './pattern.ts'
import type { Pattern, Segment } from './pattern.ts'

/** A value at the end of a pattern, for one method or (`null`) for every one. Those of other methods follow; most have none. */
interface Held<T> {
  readonly method: string | null
  readonly value: T
  readonly names: readonly string[]
  next: Held<T> | null
}

/**
 * Look-ups wait for memory more than for anything else, so that few objects lie between the first node and a value. Where one pattern alone goes on, its
 * segments from `from` on are its `tail`, and `leaf` is what it ends in; nodes take over when a second one comes.
 */
interface Node<T> {
  tail: readonly Segment[] | null
  from: number
  /** The text of the only literal segment that follows, with its node: most have one. A map takes over from the second on. */
  text: string | null
  child: Node<T> | null
  literals: Map<string, Node<T>> | null
  partials: { readonly parts: readonly string[]; readonly node: Node<T> }[] | null
  param: Node<T> | null
  rest: Held<T> | null
  leaf: Held<T> | null
}

/** A value found, with the raw values of its parameters. */
export interface Found<T> {
  readonly value: T
  readonly names: readonly string[]
  readonly values: readonly string[]
}

/**
 * A tree of path segments: literal before partly literal before parameter before rest, left to right, with backtracking. A candidate that does
 * not take the method is passed over. Each node is visited at most once per look-up, so no request can make it expensive.
 */
export class PathTree<T> {
  readonly #root: Node<T> = emptyNode()

  /** Adds a value; returns the one already there for the same pattern and method (`null` for any method), which stays. */
  add(pattern: Pattern, method: string | null, value: T): T | null {
    const held = { method, value, names: pattern.names, next: null }
    const { node, end } = placeOf(this.#root, pattern.segments)
    const first = node[end]
    if (first === null) {
      node[end] = held
      return null
    }
    let last = first
    for (let one: Held<T> | null = first; one !== null; one = one.next) {
      if (one.method === method) return one.value
      last = one
    }
    last.next = held
    return null
  }

  find(path: string, method: string): Found<T> | null {
    return descend(this.#root, { path, isEncoded: path.includes('%'), method, values: [] }, 1)
  }

  /** Every method that some pattern matching this path takes. */
  methodsAt(path: string): Set<string> {
    const methods = new Set<string>()
    const visit = (first: Held<T>): void => {
      for (let held: Held<T> | null = first; held !== null; held = held.next) if (held.method !== null) methods.add(held.method)
    }
    descend(this.#root, { path, isEncoded: path.includes('%'), method: '', values: [], visit }, 1)
    return methods
  }
}

interface Search<T> {
  readonly path: string
  /** Whether segments have to be decoded before they are compared. */
  readonly isEncoded: boolean
  readonly method: string
  readonly values: string[]
  /** Called for everything that matches the path, whatever its methods. */
  readonly visit?: (first: Held<T>) => void
}

/** Goes on at a node, with the segment of the path that begins at `start`; -1 when there is none. */
function descend<T>(node: Node<T>, search: Search<T>, start: number): Found<T> | null {
  if (node.tail !== null) return follow(node, node.tail, search, start)
  if (start !== -1) return walk(node, search, start)
  const found = node.leaf === null ? null : settle(node.leaf, search, null)
  // A rest also matches zero segments: `/api/*` answers `/api`.
  return found !== null || node.rest === null ? found : settle(node.rest, search, '')
}

function follow<T>(node: Node<T>, tail: readonly Segment[], search: Search<T>, start: number): Found<T> | null {
  const { path, isEncoded, values } = search
  const depth = values.length
  let at = start
  for (let i = node.from; i < tail.length; i++) {
    if (at === -1) return backTo(depth, values)
    const segment = tail[i]!
    const slash = path.indexOf('/', at)
    const end = slash === -1 ? path.length : slash
    if (segment.kind === 'literal' && !isEncoded) {
      if (end - at !== segment.text.length || !path.startsWith(segment.text, at)) return backTo(depth, values)
    } else {
      const raw = path.slice(at, end)
      const text = isEncoded ? decodeURIComponent(raw) : raw
      if (segment.kind !== 'literal' && text !== '') values.push(text)
      else if (segment.kind !== 'literal' || segment.text !== text) return backTo(depth, values)
    }
    at = slash === -1 ? -1 : slash + 1
  }
  const found = at === -1 ? settle(node.leaf!, search, null) : null
  return found ?? backTo(depth, values)
}

function backTo(depth: number, values: string[]): null {
  values.length = depth
  return null
}

function walk<T>(node: Node<T>, search: Search<T>, start: number): Found<T> | null {
  const { path, values } = search
  const slash = path.indexOf('/', start)
  const raw = path.slice(start, slash === -1 ? path.length : slash)
  const text = search.isEncoded ? decodeURIComponent(raw) : raw
  const next = slash === -1 ? -1 : slash + 1
  const depth = values.length

  const literal = node.text === text ? node.child : node.literals === null ? null : node.literals.get(text)
  if (literal !== undefined && literal !== null) {
    const found = descend(literal, search, next)
    if (found !== null) return found
  }
  if (node.partials !== null) {
    for (const partial of node.partials) {
      const parts = matchPartial(partial.parts, text)
      if (parts === undefined) continue
      values.push(...parts)
      const found = descend(partial.node, search, next)
      if (found !== null) return found
      values.length = depth
    }
  }
  if (node.param !== null && text !== '') {
    values.push(text)
    const found = descend(node.param, search, next)
    if (found !== null) return found
    values.length = depth
  }
  return node.rest === null ? null : settle(node.rest, search, path.slice(start))
}

function settle<T>(first: Held<T>, search: Search<T>, rest: string | null): Found<T> | null {
  search.visit?.(first)
  const held = heldFor(first, search.method)
  if (held === null) return null
  if (rest !== null) search.values.push(search.isEncoded ? decodeURIComponent(rest) : rest)
  return { value: held.value, names: held.names, values: search.values }
}

/** The value for a method: its own before GET's for HEAD (RFC 9110, section 9.3.2: answered wherever GET is), before the one for every method. */
function heldFor<T>(first: Held<T>, method: string): Held<T> | null {
  let get: Held<T> | null = null
  let any: Held<T> | null = null
  for (let held: Held<T> | null = first; held !== null; held = held.next) {
    if (held.method === method) return held
    if (held.method === null) any = held
    else if (held.method === 'GET') get = held
  }
  if (method === 'HEAD' && get !== null) return get
  return method === '' ? null : any
}

/** Where the value of a pattern is. */
function placeOf<T>(root: Node<T>, segments: readonly Segment[]): { readonly node: Node<T>; readonly end: 'leaf' | 'rest' } {
  let node = root
  for (let i = 0; ; i++) {
    if (node.tail !== null) {
      if (isSameTail(node, node.tail, segments, i)) return { node, end: 'leaf' }
      unfold(node, node.tail)
    } else if (i < segments.length && isEmpty(node) && segments.every(({ kind }, at) => at < i || kind === 'literal' || kind === 'param')) {
      node.tail = segments
      node.from = i
      return { node, end: 'leaf' }
    }
    if (i === segments.length) return { node, end: 'leaf' }
    const segment = segments[i]!
    if (segment.kind === 'rest') return { node, end: 'rest' }
    node = childFor(node, segment)
  }
}

function isEmpty<T>({ text, literals, partials, param, rest, leaf }: Node<T>): boolean {
  return leaf === null && text === null && param === null && rest === null && literals === null && partials === null
}

function isSameTail<T>({ from }: Node<T>, tail: readonly Segment[], segments: readonly Segment[], at: number): boolean {
  if (tail.length - from !== segments.length - at) return false
  for (let i = 0; from + i < tail.length; i++) {
    const a = tail[from + i]!
    const b = segments[at + i]!
    if (a.kind === 'literal' ? b.kind !== 'literal' || a.text !== b.text : a.kind !== b.kind) return false
  }
  return true
}

/** Makes a node of the first segment of a tail. */
function unfold<T>(node: Node<T>, tail: readonly Segment[]): void {
  const { from, leaf } = node
  node.tail = null
  node.leaf = null
  const child = childFor(node, tail[from] as Exclude<Segment, { kind: 'rest' }>)
  child.leaf = leaf
  if (from + 1 === tail.length) return
  child.tail = tail
  child.from = from + 1
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
  return { tail: null, from: 0, text: null, child: null, literals: null, partials: null, param: null, rest: null, leaf: null }
}
