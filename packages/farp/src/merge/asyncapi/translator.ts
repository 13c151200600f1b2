import { isObject, own, ownList, ownText, table } from '../../json.ts'
import { pointerTokens, resolveItem, resolvePointer } from '../../adapters/pointers.ts'
import { componentName, pointerToken } from '../names.ts'
import { labelOf } from '../merged.ts'
import { prefixOf } from '../select.ts'
import { walk } from '../walk.ts'
import { GRAMMAR, SECTIONS, sectionOf } from './grammar.ts'
import type { Components } from '../components.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Kind } from './grammar.ts'
import type { Named } from '../naming.ts'

/** A service's document as version 3, and as it was. */
export interface Versions {
  readonly document: JsonObject
  readonly original: JsonObject
}

/** Brings one service's AsyncAPI document into the merged one: names get prefixes, references follow. */
export class Translator {
  readonly #service: FederatedService
  readonly #document: JsonObject
  readonly #original: JsonObject
  readonly #named: Named
  readonly #components: Components
  readonly #prefix: string
  readonly #contentType: string | undefined
  readonly #hoisted = new Map<string, string>()
  /** What has its place and is still to be copied: references may be thousands long, and a copy within a copy would end the stack. */
  readonly #moving: (() => void)[] = []
  readonly #channels = new Map<JsonObject, string>()
  readonly #operations = new Map<JsonObject, string>()

  constructor(
    service: FederatedService,
    { document, original }: Versions,
    { named, components }: { named: Named; components: Components },
  ) {
    this.#service = service
    this.#document = document
    this.#original = original
    this.#named = named
    this.#components = components
    this.#prefix = componentName(prefixOf(service))
    this.#contentType = ownText(document, 'defaultContentType')
  }

  /** Where a channel is from now on: its name in the merged document. */
  placeChannel(body: JsonObject, id: string): void {
    this.#channels.set(body, id)
  }

  placeOperation(body: JsonObject, id: string): void {
    this.#operations.set(body, id)
  }

  /** The translated copy of an object. */
  translate(node: unknown, kind: Kind): unknown {
    const copy = this.#walk(node, kind)
    for (let move = this.#moving.pop(); move !== undefined; move = this.#moving.pop()) move()
    return copy
  }

  #walk(node: unknown, kind: Kind): unknown {
    return walk(node, kind, {
      grammar: GRAMMAR,
      before: (found) => found,
      after: (copy, at) => {
        if (at === 'message') this.#nameContentType(copy)
      },
      ref: (ref, at) => this.#ref(ref, at),
    })
  }

  /** Puts the service's components among the others. */
  addComponents(): void {
    const components = this.#document['components']
    if (!isObject(components)) return
    for (const [section, kind] of SECTIONS) {
      const items = own(components, section)
      if (!isObject(items)) continue
      for (const [name, value] of Object.entries(items)) {
        const given = this.#named.renamed.get(section)!.get(name)
        if (given === undefined || this.#named.borrowed.has(`${section} ${name}`)) continue
        const copy = this.translate(value, kind)
        if (copy !== undefined) this.#components.set(section, given, copy)
      }
    }
  }

  /** The document's default type is written out: there is one default for the whole merged document, and it is nobody's. */
  #nameContentType(message: Record<string, unknown>): void {
    if (this.#contentType === undefined || Object.hasOwn(message, 'contentType') || Object.hasOwn(message, '$ref')) return
    // A trait's type would count before a default does.
    if (ownList(message, 'traits').length === 0) message['contentType'] = this.#contentType
  }

  #ref(ref: string, kind: Kind): string {
    if (!ref.startsWith('#/')) return ref
    const place = this.#placed(ref)
    if (place !== undefined) return place
    const [root, section = '', name = '', ...rest] = pointerTokens(ref)
    if (root === 'components' && SECTIONS.has(section)) {
      const given = this.#named.renamed.get(section)!.get(name) ?? this.#missing(section, name)
      return `#/components/${section}/${[given, ...rest].map(pointerToken).join('/')}`
    }
    return this.#hoist(ref, kind)
  }

  /** A reference to a channel or operation that is in the merged document, or to something inside it. */
  #placed(ref: string): string | undefined {
    const tokens = pointerTokens(ref)
    for (const [section, placed] of [
      ['channels', this.#channels],
      ['operations', this.#operations],
    ] as const) {
      const depth = tokens[0] === section ? 2 : tokens[0] === 'components' && tokens[1] === section ? 3 : undefined
      if (depth === undefined || tokens.length < depth) continue
      const owner = resolveItem({ $ref: `#/${tokens.slice(0, depth).map(pointerToken).join('/')}` }, this.#document)
      const id = owner === undefined ? undefined : placed.get(owner)
      const rest = tokens.slice(depth)
      if (id === undefined || resolvePointer(owner!, `#${rest.map((token) => `/${pointerToken(token)}`).join('')}`) === undefined) continue
      return `#/${[section, id, ...rest].map(pointerToken).join('/')}`
    }
    return undefined
  }

  /** A component that its service does not define: a stand-in where one can be made, so that one slip does not spoil the whole document. */
  #missing(section: string, name: string): string {
    const given = this.#components.claim(section, `${this.#prefix}_${componentName(name)}`, labelOf(this.#service))
    this.#named.renamed.get(section)!.set(name, given)
    const description = 'Not defined by the service.'
    const isScheme = section === 'securitySchemes'
    this.#components.set(section, given, isScheme ? { type: 'http', scheme: 'unknown', description } : standIn(section, description))
    return given
  }

  /** What is nowhere in the merged document gets a place among the components. */
  #hoist(ref: string, kind: Kind): string {
    const section = sectionOf(kind)
    const target = this.#resolve(ref)
    if (section === undefined || target === undefined) return ref
    const key = `${section} ${ref}`
    const known = this.#hoisted.get(key)
    if (known !== undefined) return known
    const wanted = `${this.#prefix}_${componentName(pointerTokens(ref).slice(-3).join('_'))}`
    const name = this.#components.claim(section, wanted, labelOf(this.#service))
    const moved = `#/components/${section}/${pointerToken(name)}`
    // Remembered before the target is copied: it may refer to itself.
    this.#hoisted.set(key, moved)
    this.#moving.push(() => this.#components.set(section, name, this.#walk(target, kind) ?? table()))
    return moved
  }

  /** A conversion moves things: what is not found in the converted document is looked for in the original. */
  #resolve(ref: string): unknown {
    return resolvePointer(this.#document, ref) ?? resolvePointer(this.#original, ref)
  }
}

/** The least that may stand in a section. */
function standIn(section: string, description: string): JsonObject {
  if (section === 'correlationIds') return { description, location: '$message.header#/correlationId' }
  if (section === 'tags') return { name: 'unknown', description }
  if (section === 'externalDocs') return { url: 'about:blank', description }
  if (section === 'replies' || section.endsWith('Bindings')) return table()
  return section === 'replyAddresses' ? { description, location: '$message.header#/replyTo' } : { description }
}
