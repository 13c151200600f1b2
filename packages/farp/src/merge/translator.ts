import { isObject, own, ownList, ownObject, ownText, sameJson, table } from '../json.ts'
import { pointerTokens, resolvePointer } from '../adapters/openapi.ts'
import { componentName, pointerToken } from './names.ts'
import { SECTIONS, sectionOf } from './grammar.ts'
import { fixBounds, isOpenApi30, upgradeSchema } from './upgrade.ts'
import { walk } from './walk.ts'
import type { FederatedService } from './input.ts'
import type { JsonObject } from '../json.ts'
import type { Kind } from './grammar.ts'
import type { Names } from './names.ts'

/** What all services of one merged document share. */
export interface Merger {
  readonly names: Names
  /** The components so far, by section. */
  readonly components: ReadonlyMap<string, Record<string, unknown>>
}

/** Translates the objects of one service's document into the merged one: names get prefixes, references follow. */
export class Translator {
  readonly #merger: Merger
  readonly #document: JsonObject
  readonly #prefix: string
  readonly #tagPrefix: string
  readonly #idPrefix: string
  readonly #upgrades: boolean
  readonly #renamed = new Map<string, Map<string, string>>()
  readonly #hoisted = new Map<string, string>()
  readonly #ids = new Map<string, string>()
  readonly #places = new Map<string, string>()

  constructor(service: FederatedService, merger: Merger) {
    const { name, version, hasSiblings, composition, document } = service
    const own = hasSiblings ? `${name}_${version}` : name
    this.#merger = merger
    this.#document = document
    this.#prefix = componentName(composition?.componentPrefix ?? own)
    this.#tagPrefix = composition?.tagPrefix ?? own
    this.#idPrefix = composition?.operationIdPrefix ?? own
    this.#upgrades = isOpenApi30(document)
    this.#nameComponents()
  }

  /** Gives operations their ids and places first, so that links find them wherever they are. */
  place(operation: {
    readonly id: string | undefined
    readonly method: string
    readonly path: string
    readonly at: string
  }): string | undefined {
    const { id, method, path, at } = operation
    const key = `${method} ${path}`
    if (!this.#places.has(key)) this.#places.set(key, `#/paths/${pointerToken(at)}/${method}`)
    if (id === undefined) return undefined
    const given = this.#newId(id)
    if (!this.#ids.has(id)) this.#ids.set(id, given)
    return given
  }

  /** The translated copy of a routed operation, with the id that `place` gave it. */
  operation(source: JsonObject, id: string | undefined): Record<string, unknown> {
    const anonymous = table(Object.entries(source).filter(([name]) => name !== 'operationId'))
    const copy = this.translate(anonymous, 'operation') as Record<string, unknown>
    return id === undefined ? copy : table([['operationId', id], ...Object.entries(copy)])
  }

  /** The translated copy of an object. */
  translate(node: unknown, kind: Kind): unknown {
    return walk(node, kind, {
      before: (found, at) => (at !== 'schema' ? found : this.#upgrades ? upgradeSchema(found) : fixBounds(found)),
      after: (copy, at) => this.#rename(copy, at),
      ref: (ref, at) => this.#ref(ref, at),
    })
  }

  /** Puts the service's components among the others. */
  addComponents(): void {
    const components = ownObject(this.#document, 'components') ?? table()
    for (const [section, kind] of SECTIONS) {
      for (const [name, value] of Object.entries(ownObject(components, section) ?? {}))
        this.#add(section, this.#renamed.get(section)!.get(name)!, this.translate(value, kind))
    }
  }

  /** `users` as `user-service_users`. */
  tag(name: string): string {
    return `${this.#tagPrefix}_${name}`
  }

  /** A webhook's name among those of all services. */
  webhook(name: string): string {
    return this.#merger.names.take('webhooks', `${this.#prefix}_${name}`)
  }

  /** Security requirements with the schemes' names in the merged document. */
  security(requirements: readonly unknown[]): JsonObject[] {
    const schemes = this.#renamed.get('securitySchemes')!
    return requirements.filter(isObject).map((requirement) =>
      // An undefined scheme gets the prefix as well: it must not become another service's.
      table(Object.entries(requirement).map(([name, scopes]) => [schemes.get(name) ?? `${this.#prefix}_${componentName(name)}`, scopes])),
    )
  }

  #nameComponents(): void {
    const components = ownObject(this.#document, 'components') ?? table()
    for (const section of SECTIONS.keys()) {
      const renamed = new Map<string, string>()
      this.#renamed.set(section, renamed)
      for (const [name, value] of Object.entries(ownObject(components, section) ?? {})) {
        if (!isObject(value) && !(section === 'schemas' && typeof value === 'boolean')) continue
        const plain = componentName(name)
        renamed.set(
          name,
          section === 'securitySchemes' ? this.#schemeName(plain, value) : this.#merger.names.take(section, `${this.#prefix}_${plain}`),
        )
      }
    }
  }

  /** Security schemes keep their names: clients know them. Only a different scheme of the same name gets the prefix. */
  #schemeName(name: string, scheme: unknown): string {
    const schemes = this.#merger.components.get('securitySchemes')!
    const known = Object.hasOwn(schemes, name) ? schemes[name] : undefined
    // A reference means another thing in every document, however equal it looks.
    const isPlain = isObject(scheme) && !Object.hasOwn(scheme, '$ref')
    if (known !== undefined && isPlain && sameJson(known, scheme)) return name
    const given = this.#merger.names.take('securitySchemes', known === undefined ? name : `${this.#prefix}_${name}`)
    this.#add('securitySchemes', given, scheme)
    return given
  }

  #add(section: string, name: string | undefined, value: unknown): void {
    if (name !== undefined && value !== undefined) this.#merger.components.get(section)![name] = value
  }

  #rename(copy: Record<string, unknown>, kind: Kind): void {
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
    const mapping = isObject(discriminator) ? ownObject(discriminator, 'mapping') : undefined
    if (!isObject(discriminator) || mapping === undefined) return
    const schemas = this.#renamed.get('schemas')!
    const renamed = Object.entries(mapping).map(([value, target]): [string, unknown] => {
      if (typeof target !== 'string') return [value, target]
      // A bare name means a component; anything else is a reference.
      return [value, schemas.has(target) ? `#/components/schemas/${schemas.get(target)!}` : this.#ref(target, 'schema')]
    })
    schema['discriminator'] = table([...Object.entries(discriminator), ['mapping', table(renamed)]])
  }

  #renameOperation(operation: Record<string, unknown>): void {
    const id = ownText(operation, 'operationId')
    if (id !== undefined) operation['operationId'] = this.#newId(id)
    if (Object.hasOwn(operation, 'tags')) {
      operation['tags'] = ownList(operation, 'tags')
        .filter((tag) => typeof tag === 'string')
        .map((tag) => this.tag(tag))
    }
    const security = own(operation, 'security')
    if (Array.isArray(security)) operation['security'] = this.security(security)
  }

  #renameLink(link: Record<string, unknown>): void {
    const id = ownText(link, 'operationId')
    if (id !== undefined) link['operationId'] = this.#ids.get(id) ?? `${this.#idPrefix}_${id}`
    const ref = ownText(link, 'operationRef')
    const [paths, path, method] = ref?.startsWith('#/') === true ? pointerTokens(ref) : []
    const place = paths === 'paths' ? this.#places.get(`${method} ${path}`) : undefined
    if (place !== undefined) link['operationRef'] = place
  }

  #newId(id: string): string {
    return this.#merger.names.take('operationId', `${this.#idPrefix}_${id}`)
  }

  /** References into `components` get the new names; other local ones get their target moved there; those to other documents stay as they are. */
  #ref(ref: string, kind: Kind): string {
    if (!ref.startsWith('#/')) return ref
    const [root, section = '', name = '', ...rest] = pointerTokens(ref)
    if (root === 'components' && SECTIONS.has(section)) {
      const renamed = this.#renamed.get(section)!.get(name) ?? this.#missing(section, name)
      return `#/components/${section}/${[renamed, ...rest].map(pointerToken).join('/')}`
    }
    return this.#hoist(ref, kind)
  }

  /** A component that its service does not define: a stand-in where one can be made, so that one slip does not spoil the whole document. */
  #missing(section: string, name: string): string {
    const given = this.#merger.names.take(section, `${this.#prefix}_${componentName(name)}`)
    this.#renamed.get(section)!.set(name, given)
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
    const name = this.#merger.names.take(section, `${this.#prefix}_${componentName(pointerTokens(ref).slice(-3).join('_'))}`)
    const moved = `#/components/${section}/${pointerToken(name)}`
    // Remembered before the target is copied: it may refer to itself.
    this.#hoisted.set(key, moved)
    this.#add(section, name, this.translate(target, kind))
    return moved
  }
}
