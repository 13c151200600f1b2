import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Pair, type ParsedNode, type Range } from 'yaml'
import type { Entry, MapNode, Node, Path, Position, ScalarNode } from './node.ts'
import type { Located } from '../report/issues.ts'
import { plainValue } from './plain.ts'
import { substitute } from './substitute.ts'

/** What is in a file: its tree, as far as it could be read, and everything wrong with it as YAML. */
export interface ReadResult {
  /** `undefined` for a file without content, or one that is not YAML. */
  readonly root: MapNode | undefined
  readonly problems: readonly Located[]
}

/** What reading needs to know. */
export interface ReadContext {
  /** As it is called in issues. */
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
}

// Anchors multiply: a few lines can mean billions of nodes.
const MOST_NODES = 200_000

/** Reads YAML text into a tree. Substitution happens here, in the scalars of values only. */
export function readYaml(text: string, context: ReadContext): ReadResult {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' })
  const reader = new Reader(document, lines, context)
  let broken = false
  for (const error of [...document.errors, ...document.warnings]) {
    const at = reader.position(error.pos[0])
    if (error.code === 'DUPLICATE_KEY')
      reader.report('duplicate_key', [], at, 'this key was already given in the same map; keep one of them')
    else if (error.code === 'TAG_RESOLVE_FAILED')
      reader.report('unknown_tag', [], at, `${sentence(error.message)}; tags are not supported, write the value itself`)
    else {
      broken = true
      reader.report('syntax', [], at, `this is not YAML: ${sentence(error.message)}`)
    }
  }
  if (broken) return { root: undefined, problems: reader.problems }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return { root: undefined, problems: reader.problems }
  const root = reader.node(document.contents, [])
  if (root.kind === 'map') return { root, problems: reader.problems }
  reader.report('invalid_value', [], root.at, 'the file must hold a map of keys, such as "server:"')
  return { root: undefined, problems: reader.problems }
}

function sentence(message: string): string {
  return message.split('\n')[0]!.replace(/[.:]$/, '').trim()
}

class Reader {
  readonly problems: Located[] = []
  readonly #document: Document.Parsed
  readonly #lines: LineCounter
  readonly #context: ReadContext
  readonly #open = new Set<unknown>()
  #nodes = 0

  constructor(document: Document.Parsed, lines: LineCounter, context: ReadContext) {
    this.#document = document
    this.#lines = lines
    this.#context = context
  }

  position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.#context.file, line, column: col }
  }

  report(code: string, path: Path, at: Position, message: string): void {
    this.problems.push({ code, path, message, at })
  }

  node(source: ParsedNode | null, path: Path, around = 0): Node {
    const at = this.position((source?.range as Range | null | undefined)?.[0] ?? around)
    if (++this.#nodes > MOST_NODES)
      return this.#refuse(path, at, `the configuration unfolds to more than ${MOST_NODES} values; use fewer aliases`)
    if (source === null) return nothing(at)
    if (isAlias(source)) return this.#alias(source, path, at)
    if (isScalar(source)) return this.#scalar(source, path, at)
    this.#open.add(source)
    const node = isSeq<ParsedNode>(source)
      ? this.#list(source.items, path, at)
      : isMap<ParsedNode, ParsedNode | null>(source)
        ? this.#map(source.items as Pair<ParsedNode, ParsedNode | null>[], path, at)
        : nothing(at)
    this.#open.delete(source)
    return node
  }

  #list(items: readonly ParsedNode[], path: Path, at: Position): Node {
    return { kind: 'list', at, items: items.map((item, index) => this.node(item, [...path, index])) }
  }

  #refuse(path: Path, at: Position, message: string): ScalarNode {
    if (this.problems.at(-1)?.code !== 'too_large') this.report('too_large', path, at, message)
    return faulty(at)
  }

  #alias(source: ParsedNode, path: Path, at: Position): Node {
    const target = isAlias(source) ? source.resolve(this.#document) : undefined
    if (target === undefined || this.#open.has(target)) {
      this.report(
        'invalid_alias',
        path,
        at,
        target === undefined ? 'there is no anchor with this name above' : 'an alias cannot contain itself',
      )
      return faulty(at)
    }
    return { ...this.node(target as ParsedNode, path), at }
  }

  #map(pairs: readonly Pair<ParsedNode, ParsedNode | null>[], path: Path, at: Position): MapNode {
    const entries = new Map<string, Entry>()
    const inherited: Node[] = []
    for (const pair of pairs) {
      const keyAt = this.position(pair.key.range[0])
      if (!isScalar(pair.key)) {
        this.report('invalid_key', path, keyAt, 'a key must be a single word')
        continue
      }
      const key = typeof pair.key.value === 'string' ? pair.key.value : (pair.key.source ?? String(pair.key.value))
      if (key === '<<' && pair.key.type === 'PLAIN') {
        inherited.push(this.node(pair.value, path, pair.key.range[1]))
        continue
      }
      const value = this.node(pair.value, [...path, key], pair.key.range[1])
      if (!entries.has(key)) entries.set(key, { at: keyAt, value })
    }
    for (const parent of inherited.flatMap((node) => (node.kind === 'list' ? node.items : [node]))) {
      if (parent.kind !== 'map') this.report('invalid_alias', path, parent.at, '<< takes a map, or a list of maps')
      else for (const [key, entry] of parent.entries) if (!entries.has(key)) entries.set(key, entry)
    }
    return { kind: 'map', at, entries }
  }

  #scalar(source: ParsedNode, path: Path, at: Position): ScalarNode {
    if (!isScalar(source)) return nothing(at)
    // The tag is reported already, and nobody knows what it would have made of the value.
    if (source.tag !== undefined && !source.tag.startsWith('tag:yaml.org,2002:')) return faulty(at)
    const plain = source.type === 'PLAIN' && source.tag === undefined
    const raw = plain ? (source.source ?? '') : source.value
    if (typeof raw !== 'string') return { kind: 'scalar', at, value: raw as number | boolean | null, text: String(raw), variables: [] }
    const done = substitute(raw, this.#context.env)
    if (done.malformed !== undefined) {
      this.report(
        'invalid_substitution',
        path,
        at,
        `"${done.malformed}" is not a reference; write \${NAME}, \${NAME:-default}, or $$ for a literal $`,
      )
    }
    for (const name of new Set(done.missing)) {
      this.report('missing_variable', path, at, `the environment variable ${name} is not set; set it, or give a default: \${${name}:-…}`)
    }
    if (done.malformed !== undefined || done.missing.length > 0) return faulty(at)
    return { kind: 'scalar', at, value: plain ? plainValue(done.text) : done.text, text: done.text, variables: done.variables }
  }
}

function nothing(at: Position): ScalarNode {
  return { kind: 'scalar', at, value: null, text: '', variables: [] }
}

function faulty(at: Position): ScalarNode {
  return { ...nothing(at), faulty: true }
}
