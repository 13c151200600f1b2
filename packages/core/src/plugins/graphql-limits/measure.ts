/** What a query asks for. */
export interface QuerySize {
  /** Levels of fields, fragments followed: `{ a { b } }` has two. */
  readonly depth: number
  /** Fields, those of a fragment wherever it is spread. */
  readonly fields: number
}

/** A set of fields, with the fragments it spreads and how many levels of fields are above each. */
interface Selection extends QuerySize {
  readonly spreads: readonly { readonly name: string; readonly above: number }[]
}

/** Deeper than anybody asks, and flat enough for the stack. */
const MOST_LEVELS = 200
const MOST_FRAGMENTS = 1_000

const IGNORED = /(?:[\s,\u{feff}]+|#[^\n\r]*)*/uy
const TOKEN = /("(?:\\.|[^"\\\n\r])*")|(\.\.\.|[!$&()/:=@[\]{|}])|([_A-Za-z]\w*|-?\d[\w.+-]*)/uy

/** Measures the largest operation of a document. `undefined` for what is no executable document, or too large to tell: nothing is known of it. */
export function measureQuery(text: string): QuerySize | undefined {
  try {
    return new Measure(text).result()
  } catch (thrown) {
    if (thrown === UNREADABLE) return undefined
    throw thrown
  }
}

const UNREADABLE = new Error('not readable')

/** One pass over the tokens; then fragments are put in their places, each measured once. */
class Measure {
  readonly #text: string
  readonly #fragments = new Map<string, Selection>()
  readonly #sizes = new Map<string, QuerySize | null>()
  #at = 0
  /** The token at hand; empty at the end. */
  #token = ''
  #isName = false

  constructor(text: string) {
    this.#text = text
    this.#next()
  }

  result(): QuerySize {
    const operations: Selection[] = []
    while (this.#token !== '') {
      const word = this.#token
      if (word === '{') operations.push(this.#selection(1))
      else if (word === 'query' || word === 'mutation' || word === 'subscription') {
        this.#skipTo('{')
        operations.push(this.#selection(1))
      } else if (word === 'fragment') this.#fragment()
      else throw UNREADABLE
    }
    if (operations.length === 0) throw UNREADABLE
    const sizes = operations.map((operation) => this.#whole(operation))
    return { depth: Math.max(...sizes.map(({ depth }) => depth)), fields: Math.max(...sizes.map(({ fields }) => fields)) }
  }

  #next(): void {
    IGNORED.lastIndex = this.#at
    IGNORED.exec(this.#text)
    const from = IGNORED.lastIndex
    if (this.#text.startsWith('"""', from)) {
      this.#at = this.#blockEnd(from + 3)
      this.#token = '"'
    } else {
      TOKEN.lastIndex = from
      const match = TOKEN.exec(this.#text)
      if (match === null && from < this.#text.length) throw UNREADABLE
      this.#at = match === null ? from : TOKEN.lastIndex
      this.#token = match?.[2] ?? match?.[3] ?? (match === null ? '' : '"')
      this.#isName = match?.[3] !== undefined
      return
    }
    this.#isName = false
  }

  /** Behind a block string; a mark with a backslash in front is part of it. */
  #blockEnd(from: number): number {
    for (let at = from; ; at += 3) {
      at = this.#text.indexOf('"""', at)
      if (at === -1) throw UNREADABLE
      if (this.#text[at - 1] !== '\\') return at + 3
    }
  }

  #is(token: string): boolean {
    return this.#token === token
  }

  #fragment(): void {
    this.#next()
    if (!this.#isName || this.#fragments.size >= MOST_FRAGMENTS) throw UNREADABLE
    const name = this.#token
    this.#skipTo('{')
    // Which of two the service takes nobody knows.
    if (this.#fragments.has(name)) throw UNREADABLE
    this.#fragments.set(name, this.#selection(1))
  }

  /** Skips what is in front of a selection: names, types, directives, and everything in parentheses. */
  #skipTo(end: string): void {
    while (this.#token !== end) {
      if (this.#token === '(') this.#skipArguments()
      else if (this.#token === '' || this.#token === '}') throw UNREADABLE
      else this.#next()
    }
  }

  /** From `(` to behind its `)`. */
  #skipArguments(): void {
    let open = 0
    do {
      if (this.#token === '(') open += 1
      if (this.#token === ')') open -= 1
      if (this.#token === '') throw UNREADABLE
      this.#next()
    } while (open > 0)
  }

  #skipDirectives(): void {
    while (this.#is('@')) {
      this.#next()
      this.#next()
      if (this.#is('(')) this.#skipArguments()
    }
  }

  /** From `{` to behind its `}`. */
  #selection(level: number): Selection {
    if (level > MOST_LEVELS) throw UNREADABLE
    let fields = 0
    let depth = 0
    const spreads: { name: string; above: number }[] = []
    const add = (inner: Selection, above: number): void => {
      fields += inner.fields
      depth = Math.max(depth, above + inner.depth)
      for (const spread of inner.spreads) spreads.push({ name: spread.name, above: above + spread.above })
    }
    this.#next()
    while (!this.#is('}')) {
      if (this.#is('...')) {
        this.#next()
        if (this.#isName && !this.#is('on')) {
          spreads.push({ name: this.#token, above: 0 })
          this.#next()
          this.#skipDirectives()
        } else {
          this.#skipTo('{')
          add(this.#selection(level + 1), 0)
        }
        continue
      }
      if (!this.#isName) throw UNREADABLE
      this.#next()
      if (this.#is(':')) {
        this.#next()
        this.#next()
      }
      if (this.#is('(')) this.#skipArguments()
      this.#skipDirectives()
      fields += 1
      depth = Math.max(depth, 1)
      if (this.#is('{')) add(this.#selection(level + 1), 1)
    }
    this.#next()
    return { fields, depth, spreads }
  }

  /** A selection with its fragments in their places. */
  #whole({ fields, depth, spreads }: Selection): QuerySize {
    let all = fields
    let deepest = depth
    for (const { name, above } of spreads) {
      const inner = this.#sizeOf(name)
      all += inner.fields
      deepest = Math.max(deepest, above + inner.depth)
    }
    return { fields: all, depth: deepest }
  }

  #sizeOf(name: string): QuerySize {
    const fragment = this.#fragments.get(name)
    if (fragment === undefined) return { fields: 0, depth: 0 }
    const known = this.#sizes.get(name)
    // A fragment that spreads itself has no end.
    if (known === null) throw UNREADABLE
    if (known !== undefined) return known
    this.#sizes.set(name, null)
    const size = this.#whole(fragment)
    this.#sizes.set(name, size)
    return size
  }
}
