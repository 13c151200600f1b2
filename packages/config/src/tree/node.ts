/** Where something was written. Lines and columns count from 1; a `line` of 0 means the file as a whole. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A single value. */
export interface ScalarNode {
  readonly kind: 'scalar'
  readonly at: Position
  readonly value: string | number | boolean | null
  /** The text of a plain scalar after substitution: what a key that wants text takes. */
  readonly text: string
  /** The variables that were put in; the value is then never shown. */
  readonly variables: readonly string[]
  /** It could not be read, which is reported already. */
  readonly faulty?: boolean
}

export interface ListNode {
  readonly kind: 'list'
  readonly at: Position
  readonly items: readonly Node[]
}

/** A key keeps the place of its own, apart from that of its value. */
export interface Entry {
  readonly at: Position
  readonly value: Node
}

export interface MapNode {
  readonly kind: 'map'
  readonly at: Position
  readonly entries: ReadonlyMap<string, Entry>
}

/** A configuration as it was written, every part with its place. */
export type Node = ScalarNode | ListNode | MapNode

/** Keys and indexes from the root. */
export type Path = readonly (string | number)[]

/** The node at a path, or `undefined`. */
export function nodeAt(root: Node, path: Path): Node | undefined {
  let current: Node | undefined = root
  for (const step of path) {
    if (current?.kind === 'map') current = current.entries.get(String(step))?.value
    else if (current?.kind === 'list' && typeof step === 'number') current = current.items[step]
    else return undefined
  }
  return current
}

/** The place of a path: that of its key for a member of a map, or of the closest part that was written. */
export function positionAt(root: Node, path: Path): Position {
  for (let length = path.length; length > 0; length--) {
    const parent = nodeAt(root, path.slice(0, length - 1))
    const step = path[length - 1]!
    if (parent?.kind === 'map') {
      const entry = parent.entries.get(String(step))
      if (entry !== undefined) return entry.at
    } else if (parent?.kind === 'list' && typeof step === 'number' && parent.items[step] !== undefined) return parent.items[step].at
  }
  return root.at
}

/** `routes[3].upstream`, `metadata["farp.manifest"]`. */
export function formatPath(path: Path): string {
  let out = ''
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`
    else if (/^[A-Za-z_][\w-]*$/.test(step)) out += out === '' ? step : `.${step}`
    else out += `[${JSON.stringify(step)}]`
  }
  return out
}

/** `octopus.yaml:41:7`. */
export function formatPosition(at: Position): string {
  return at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`
}

/** The scalar at a node, if it is a text. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}
