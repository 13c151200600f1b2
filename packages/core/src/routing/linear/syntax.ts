import { EVERY, invert, oneOf, PERL_CLASSES, POSIX_CLASSES, union, withoutCase } from './characters.ts'
import type { Characters } from './characters.ts'

/** What a pattern means, before it is made into a program. */
export type Node =
  | { readonly kind: 'characters'; readonly set: Characters }
  | { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly kind: 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly isGreedy: boolean }
  | { readonly kind: 'group'; readonly node: Node; readonly index: number }
  | { readonly kind: 'place'; readonly place: Place }

/** Where, between two characters, something may be. */
export type Place = 'start' | 'end' | 'word-border' | 'no-word-border'

/** A pattern, read. */
export interface Syntax {
  readonly node: Node
  /** Numbered groups, the whole match included. */
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
}

/** Characters of the longest pattern. */
export const LONGEST_PATTERN = 512
/** Groups inside groups: the reader calls itself. */
const DEEPEST = 32
const MOST_GROUPS = 32
const MOST_REPEATS = 1_000

/**
 * Reads a pattern in the dialect of RE2, as far as paths need it: literals, `.`, classes, groups, alternatives, greedy and lazy repeats, `^`, `$`, `\b`.
 * Throws `TypeError` with the reason for everything else; what cannot be matched in linear time (back-references, look-around) does not exist there.
 */
export function readPattern(text: string): Syntax {
  if (text.length > LONGEST_PATTERN) throw new TypeError(`it is longer than ${LONGEST_PATTERN} characters`)
  if (/[^\x20-\x7e]/.test(text)) throw new TypeError('it has characters that cannot stand in a path')
  return new Reader(text).read()
}

class Reader {
  readonly #text: string
  #at = 0
  #groups = 1
  #depth = 0
  #ignoresCase = false
  readonly #names = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
  }

  read(): Syntax {
    const node = this.#choice()
    if (this.#at < this.#text.length) throw new TypeError('it has a ")" without "("')
    return { node, groups: this.#groups, names: this.#names }
  }

  #choice(): Node {
    const nodes = [this.#sequence()]
    while (this.#take('|')) nodes.push(this.#sequence())
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes }
  }

  #sequence(): Node {
    const nodes: Node[] = []
    while (this.#at < this.#text.length && this.#peek !== '|' && this.#peek !== ')') {
      const node = this.#item()
      if (node !== undefined) nodes.push(this.#repeated(node))
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes }
  }

  /** `undefined` for flags, which change what follows. */
  #item(): Node | undefined {
    const char = this.#next()
    switch (char) {
      case '.':
        return characters(EVERY)
      case '^':
        return { kind: 'place', place: 'start' }
      case '$':
        return { kind: 'place', place: 'end' }
      case '[':
        return characters(this.#class())
      case '(':
        return this.#group()
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new TypeError(`nothing stands in front of "${char}"`)
      default:
        return characters(this.#literal(char))
    }
  }

  #literal(char: string): Characters {
    const set = oneOf(char.charCodeAt(0))
    return this.#ignoresCase ? withoutCase(set) : set
  }

  #repeated(node: Node): Node {
    const bounds = this.#bounds()
    if (bounds === undefined) return node
    const isGreedy = !this.#take('?')
    if (this.#bounds() !== undefined) throw new TypeError('it repeats a repeat')
    return { kind: 'repeat', node, ...bounds, isGreedy }
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity }
    if (this.#take('+')) return { min: 1, max: Infinity }
    if (this.#take('?')) return { min: 0, max: 1 }
    const match = /^\{(\d{1,6})(?:(,)(\d{0,6}))?\}/.exec(this.#text.slice(this.#at, this.#at + 20))
    // Anything else in braces is literal.
    if (match === null) return undefined
    this.#at += match[0].length
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3])
    if (min > max || min > MOST_REPEATS || (max !== Infinity && max > MOST_REPEATS))
      throw new TypeError(`${match[0]} is not a number of repeats`)
    return { min, max }
  }

  #group(): Node | undefined {
    const flags = this.#ignoresCase
    let index: number | undefined
    if (this.#take('?')) {
      if (this.#take('P<') || (this.#peek === '<' && !/^<[=!]/.test(this.#text.slice(this.#at)) && this.#take('<'))) {
        index = this.#newGroup(this.#name())
      } else if (this.#flags()) return undefined
    } else index = this.#newGroup()
    this.#depth += 1
    if (this.#depth > DEEPEST) throw new TypeError('its groups are too deep')
    const node = this.#choice()
    this.#depth -= 1
    if (!this.#take(')')) throw new TypeError('it has a "(" without ")"')
    this.#ignoresCase = flags
    return index === undefined ? node : { kind: 'group', node, index }
  }

  #newGroup(name?: string): number {
    if (this.#groups >= MOST_GROUPS) throw new TypeError(`it has more than ${MOST_GROUPS - 1} groups`)
    if (name !== undefined) {
      if (this.#names.has(name)) throw new TypeError(`two groups are called "${name}"`)
      this.#names.set(name, this.#groups)
    }
    return this.#groups++
  }

  #name(): string {
    const match = /^(\w{1,32})>/.exec(this.#text.slice(this.#at))
    if (match === null) throw new TypeError('the name of a group is not one')
    this.#at += match[0].length
    return match[1]!
  }

  /** `(?i)` for the rest of the group, true; `(?i:` and `(?:` for this one, false. Lines do not exist in paths: `m` and `s` change nothing. */
  #flags(): boolean {
    const match = /^([ims]*)(?:-([ims]+))?([:)])/.exec(this.#text.slice(this.#at))
    if (match === null) throw new TypeError('look-around, and other groups that begin with "(?", are not supported')
    this.#at += match[0].length
    if (match[1]!.includes('i')) this.#ignoresCase = true
    if (match[2]?.includes('i') === true) this.#ignoresCase = false
    return match[3] === ')'
  }

  #escape(): Node {
    const char = this.#next()
    if (char === 'b') return { kind: 'place', place: 'word-border' }
    if (char === 'B') return { kind: 'place', place: 'no-word-border' }
    if (char === 'A') return { kind: 'place', place: 'start' }
    if (char === 'z') return { kind: 'place', place: 'end' }
    return characters(this.#escaped(char))
  }

  #escaped(char: string): Characters {
    const perl = PERL_CLASSES.get(char.toLowerCase())
    if (perl !== undefined) return char === char.toLowerCase() ? perl : invert(perl)
    if (/[0-9]/.test(char)) throw new TypeError('back-references are not supported')
    if (/[A-Za-z]/.test(char)) throw new TypeError(`"\\${char}" is not supported`)
    return oneOf(char.charCodeAt(0))
  }

  #class(): Characters {
    const isInverted = this.#take('^')
    let set: Characters = []
    for (let isFirst = true; isFirst || this.#peek !== ']'; isFirst = false) {
      const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 16))
      if (posix !== null) {
        const named = POSIX_CLASSES.get(posix[2]!)
        if (named === undefined) throw new TypeError(`${posix[0]} is not a class`)
        this.#at += posix[0].length
        set = union(set, posix[1] === '' ? named : invert(named))
        continue
      }
      set = union(set, this.#range())
    }
    this.#at += 1
    if (this.#ignoresCase) set = withoutCase(set)
    return isInverted ? invert(set) : set
  }

  #range(): Characters {
    const from = this.#inClass()
    if (this.#peek !== '-' || this.#text[this.#at + 1] === ']' || from.length !== 1) return from
    this.#at += 1
    const to = this.#inClass()
    if (to.length !== 1 || to[0]! < from[0]!) throw new TypeError('a range in [] runs backwards')
    return Array.from({ length: to[0]! - from[0]! + 1 }, (_, index) => from[0]! + index)
  }

  #inClass(): Characters {
    const char = this.#next()
    return char === '\\' ? this.#escaped(this.#next()) : oneOf(char.charCodeAt(0))
  }

  get #peek(): string | undefined {
    return this.#text[this.#at]
  }

  #next(): string {
    const char = this.#text[this.#at++]
    if (char === undefined) throw new TypeError('it ends too early')
    return char
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }
}

function characters(set: Characters): Node {
  return { kind: 'characters', set }
}
