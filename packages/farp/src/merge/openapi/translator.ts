import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { pointerTokens, resolvePointer } from '../../adapters/pointers.ts'
import { componentName, pointerToken } from '../names.ts'
import { walk } from '../walk.ts'
import { labelOf } from '../merged.ts'
import { componentPrefix, isCollapsed, prefixOf } from '../select.ts'
import { namesIn, requirementsOf } from '../security.ts'
import { downgrade, withoutMediaTypeRef } from './downgrade.ts'
import { GRAMMAR, SECTIONS, sectionOf } from './grammar.ts'
import { fixBounds, isOpenApi30, upgradeSchema } from './upgrade.ts'
import type { Components } from '../components.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Kind } from './grammar.ts'
import type { MergeOptions } from '../merged.ts'
import type { Named } from '../naming.ts'
import type { Requirements } from '../security.ts'

/** What all services of one merged document share. */
export interface Merger {
  readonly components: Components
  readonly options: MergeOptions
  /** Names of security schemes that something in the document needs. */
  readonly neededSchemes: Set<string>
}

/** Brings one service's document into the merged one: names get prefixes, references follow. */
export class Translator {
  readonly #merger: Merger
  readonly #service: FederatedService
  readonly #document: JsonObject
  readonly #prefix: string
  readonly #tagPrefix: string
  readonly #idPrefix: string
  readonly #upgrades: boolean
  readonly #named: Named
  readonly #hoisted = new Map<string, string>()
  /** What has its place and is still to be copied: references may be thousands long, and a copy within a copy would end the stack. */
  readonly #moving: (() => void)[] = []
  readonly #ids = new Map<string, string>()
  readonly #lost = new Map<string, string>()
  readonly #places = new Map<string, string>()

  constructor(service: FederatedService, named: Named, merger: Merger) {
    const { composition, document } = service
    this.#merger = merger
    this.#service = service
    this.#document = document
    this.#prefix = componentPrefix(service)
    this.#tagPrefix = composition?.tagPrefix ?? prefixOf(service)
    this.#idPrefix = composition?.operationIdPrefix ?? prefixOf(service)
    this.#upgrades = isOpenApi30(document)
    this.#named = named
  }

  /** Gives operations their ids and places first, so that links find them wherever they are. */
  place(operation: {
    readonly id: string | undefined
    readonly method: string
    /** The member of the merged path item. */
    readonly slot: string
    readonly path: string
    readonly at: string
  }): string | undefined {
    const { id, method, slot, path, at } = operation
    const key = `${method} ${path}`
    if (!this.#places.has(key)) this.#places.set(key, `#/paths/${pointerToken(at)}/${slot}`)
    if (id === undefined) return undefined
    const given = this.#newId(id)
    if (!this.#ids.has(id)) this.#ids.set(id, given)
    return given
  }

  /** The translated copy of a routed operation, with the id that `place` gave it and all that callers must bring. */
  operation(source: JsonObject, id: string | undefined): Record<string, unknown> {
    const anonymous = table(Object.entries(source).filter(([name]) => name !== 'operationId'))
    const copy = this.translate(anonymous, 'operation') as Record<string, unknown>
    const { security = {} } = this.#merger.options
    const requirements = requirementsOf(this.#requirements(source), security)
    if (requirements === undefined) delete copy['security']
    else copy['security'] = this.#needed(requirements)
    return id === undefined ? copy : table([['operationId', id], ...Object.entries(copy)])
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
      before: (found, at) => this.#before(found, at),
      after: (copy, at) => this.#rename(copy, at),
      ref: (ref, at) => this.#ref(ref, at),
    })
  }

  /** Puts the service's components among the others. */
  addComponents(): void {
    const components = ownObject(this.#document, 'components') ?? table()
    for (const [section, kind] of SECTIONS) {
      for (const [name, value] of Object.entries(ownObject(components, section) ?? {}))
        if (!this.#named.borrowed.has(`${section} ${name}`)) this.#add(section, this.#given(section, name), this.translate(value, kind))
    }
  }

  /** `users` as `user-service_users`. */
  tag(name: string): string {
    return `${this.#tagPrefix}_${name}`
  }

  /** A webhook's name among those of all services. */
  webhook(name: string): string {
    return this.#merger.components.names.take('webhooks', `${this.#prefix}_${name}`)
  }

  /** What an operation or its document requires, with the schemes' names in the merged document. */
  #requirements(operation: JsonObject): Requirements {
    const written = [operation, this.#document].map((owner) => own(owner, 'security')).find(Array.isArray) as unknown[] | undefined
    return written?.filter(isObject).map((item) => this.#requirement(item))
  }

  #needed(requirements: readonly JsonObject[]): readonly JsonObject[] {
    for (const name of namesIn(requirements)) this.#merger.neededSchemes.add(name)
    return requirements
  }

  #requirement(requirement: JsonObject): JsonObject {
    const { exclude = [] } = this.#merger.options.security ?? {}
    const entries = Object.entries(requirement).filter(([name]) => !exclude.includes(name))
    // An undefined scheme gets the prefix as well: it must not become another service's.
    return table(
      entries.map(([name, scopes]) => [this.#given('securitySchemes', name) ?? `${this.#prefix}_${componentName(name)}`, scopes]),
    )
  }

  #given(section: string, name: string): string | undefined {
    return this.#named.renamed.get(section)!.get(name)
  }

  #before(found: JsonObject, kind: Kind): JsonObject {
    if (kind === 'schema') return this.#upgrades ? upgradeSchema(found) : fixBounds(found)
    return kind === 'mediaType' ? withoutMediaTypeRef(found, this.#document) : found
  }

  #add(section: string, name: string | undefined, value: unknown): void {
    if (name !== undefined && value !== undefined) this.#merger.components.set(section, name, value)
  }

  #rename(copy: Record<string, unknown>, kind: Kind): void {
    downgrade(copy, kind)
    switch (kind) {
      case 'schema':
        return this.#renameMapping(copy)
      case 'operation':
        return this.#renameOperation(copy)
      case 'link':
        return this.#renameLink(copy)
      case 'response':
        // Required in 3.1, often forgotten; without it the whole merged document would be invalid.
        if (typeof copy['description'] !== 'string') copy['description'] = ''
        return
      case 'parameter':
        if (copy['in'] === 'path') copy['required'] = true
        return
    }
  }

  #renameMapping(schema: Record<string, unknown>): void {
    const discriminator = schema['discriminator']
    if (!isObject(discriminator)) return
    const renamed = table(Object.entries(discriminator))
    const mapping = ownObject(discriminator, 'mapping')
    if (mapping !== undefined) renamed['mapping'] = table(Object.entries(mapping).map(([value, target]) => [value, this.#mapped(target)]))
    // Of 3.2.
    const fallback = ownText(discriminator, 'defaultMapping')
    if (fallback !== undefined) {
      delete renamed['defaultMapping']
      renamed['x-defaultMapping'] = this.#mapped(fallback)
    }
    schema['discriminator'] = renamed
  }

  /** A bare name means a component; anything else is a reference. */
  #mapped(target: unknown): unknown {
    if (typeof target !== 'string') return target
    const given = this.#given('schemas', target)
    return given === undefined ? this.#ref(target, 'schema') : `#/components/schemas/${pointerToken(given)}`
  }

  #renameOperation(operation: Record<string, unknown>): void {
    const id = ownText(operation, 'operationId')
    if (id !== undefined) operation['operationId'] = this.#newId(id)
    const tags = ownList(operation, 'tags').filter((tag) => typeof tag === 'string')
    if (isCollapsed(this.#service, this.#merger.options)) operation['tags'] = [prefixOf(this.#service)]
    else if (Object.hasOwn(operation, 'tags')) operation['tags'] = tags.map((tag) => this.tag(tag))
    const requirements = this.#requirements(operation)
    if (requirements !== undefined) operation['security'] = this.#needed(requirements)
  }

  #renameLink(link: Record<string, unknown>): void {
    const id = ownText(link, 'operationId')
    if (id !== undefined) link['operationId'] = this.#ids.get(id) ?? this.#lostId(id)
    const ref = ownText(link, 'operationRef')
    if (ref?.startsWith('#/') !== true) return
    const [root, path = '', method = ''] = pointerTokens(ref)
    const place = root === 'paths' ? this.#places.get(`${method} ${path}`) : undefined
    if (place !== undefined) link['operationRef'] = place
    else {
      // What is not shown has no place; its old one may be another service's here.
      delete link['operationRef']
      link['operationId'] = this.#lostId(componentName(`${method}_${path}`))
    }
  }

  /** An id for what is linked to and not shown: nobody else's. */
  #lostId(id: string): string {
    const known = this.#lost.get(id) ?? this.#newId(id)
    this.#lost.set(id, known)
    return known
  }

  #newId(id: string): string {
    return this.#merger.components.names.take('operationId', `${this.#idPrefix}_${id}`)
  }

  /** References into `components` get the new names; other local ones get their target moved there; those to other documents stay as they are. */
  #ref(ref: string, kind: Kind): string {
    if (!ref.startsWith('#/')) return ref
    const [root, section = '', name = '', ...rest] = pointerTokens(ref)
    if (root === 'components' && SECTIONS.has(section)) {
      const renamed = this.#given(section, name) ?? this.#missing(section, name)
      if (section === 'securitySchemes') this.#merger.neededSchemes.add(renamed)
      return `#/components/${section}/${[renamed, ...rest].map(pointerToken).join('/')}`
    }
    return this.#hoist(ref, kind)
  }

  /** A component that its service does not define: a stand-in where one can be made, so that one slip does not spoil the whole document. */
  #missing(section: string, name: string): string {
    const given = this.#merger.components.claim(section, `${this.#prefix}_${componentName(name)}`, labelOf(this.#service))
    this.#named.renamed.get(section)!.set(name, given)
    const description = 'Not defined by the service.'
    if (section === 'schemas' || section === 'responses') this.#add(section, given, { description })
    return given
  }

  #hoist(ref: string, kind: Kind): string {
    const section = sectionOf(kind)
    const target = resolvePointer(this.#document, ref)
    if (section === undefined || target === undefined) return ref
    const key = `${section} ${ref}`
    const known = this.#hoisted.get(key)
    if (known !== undefined) return known
    const wanted = `${this.#prefix}_${componentName(pointerTokens(ref).slice(-3).join('_'))}`
    const name = this.#merger.components.claim(section, wanted, labelOf(this.#service))
    const moved = `#/components/${section}/${pointerToken(name)}`
    // Remembered before the target is copied: it may refer to itself.
    this.#hoisted.set(key, moved)
    this.#moving.push(() => this.#add(section, name, this.#walk(target, kind)))
    return moved
  }
}
