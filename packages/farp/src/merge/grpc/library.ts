import { isObject, own, ownList, ownText, sameJson, table } from '../../json.ts'
import { labelOf } from '../merged.ts'
import { Names } from '../names.ts'
import { DEFINITIONS, fullName, namesIn, referencesOf, sameDefinition } from './symbols.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { MergeConflict, Report } from '../merged.ts'

interface Definition {
  readonly body: JsonObject
  /** The file that has it. */
  readonly file: string
  readonly owner: string
}

/** The files of a merged descriptor set. Every full name is defined once; the first service that brings it keeps it. */
export class Library {
  readonly #known: (path: string) => JsonObject | undefined
  readonly #report: Report
  readonly #names = new Names()
  readonly #files = new Map<string, JsonObject>()
  /** Files as their services wrote them, under the name they have here. */
  readonly #originals = new Map<string, JsonObject>()
  readonly #definitions = new Map<string, Definition>()
  readonly #types = new Map<string, string>()

  /** `known` has the files that everybody may import without bringing them. */
  constructor(known: (path: string) => JsonObject | undefined, report: Report) {
    this.#known = known
    this.#report = report
  }

  /** The files, each after those that it imports. */
  written(): JsonObject[] {
    const done = new Set<string>()
    const order: JsonObject[] = []
    // Imports may be thousands long: a call within a call would end the stack.
    const open: { readonly file: JsonObject; readonly before: unknown[] }[] = []
    const enter = (name: unknown): void => {
      const file = typeof name === 'string' ? this.#files.get(name) : undefined
      if (file === undefined || done.has(name as string)) return
      done.add(name as string)
      open.push({ file, before: ownList(file, 'dependency').toReversed() })
    }
    for (const name of [...this.#files.keys()].sort()) {
      enter(name)
      for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
        if (top.before.length > 0) enter(top.before.pop())
        else order.push(open.pop()!.file)
      }
    }
    return order
  }

  /** Adds what a service brings. */
  add(service: FederatedService): void {
    const files = ownList(service.document, 'file').filter(isObject)
    const places = new Map<string, string>()
    const arrived = files.flatMap((file) => {
      const path = ownText(file, 'name') ?? ''
      const original = this.#originals.get(path)
      if (original !== undefined && sameJson(original, file)) {
        places.set(path, path)
        return []
      }
      const kept = this.#take(file, service)
      if (kept === undefined) return []
      places.set(path, kept.name)
      return [{ file, ...kept }]
    })
    const brought = new Set(files.map((file) => ownText(file, 'name') ?? ''))
    for (const { file, name, body } of arrived) {
      const complete = this.#stand(body, service)
      this.#files.set(name, this.#linked(complete, { file, name, places, brought, service }))
    }
  }

  /** The part of a file that nobody has brought yet, under a name of its own; `undefined` when there is nothing in it. */
  #take(file: JsonObject, service: FederatedService): { readonly name: string; readonly body: Record<string, unknown> } | undefined {
    const scope = ownText(file, 'package') ?? ''
    const path = ownText(file, 'name') ?? ''
    const fresh = DEFINITIONS.map(([member, type]) => {
      const bodies = ownList(file, member).filter(isObject)
      return [member, bodies.filter((body) => this.#isNew(fullName(scope, ownText(body, 'name') ?? ''), body, { service, type }))] as const
    })
    const hasNames = DEFINITIONS.some(([member]) => ownList(file, member).length > 0)
    if (hasNames && fresh.every(([, bodies]) => bodies.length === 0)) return undefined
    const name = this.#names.take('files', this.#files.has(path) || this.#originals.has(path) ? `${service.name}/${path}` : path)
    this.#originals.set(name, file)
    const body = table([...Object.entries(file), ['name', name]])
    for (const [member, bodies] of fresh) {
      if (bodies.length === 0) delete body[member]
      else body[member] = bodies
      for (const definition of bodies) {
        const symbol = fullName(scope, ownText(definition, 'name') ?? '')
        this.#definitions.set(symbol, { body: definition, file: name, owner: labelOf(service) })
        for (const type of namesIn(definition, symbol)) this.#types.set(type, name)
      }
    }
    return { name, body }
  }

  #isNew(
    symbol: string,
    body: JsonObject,
    { service, type }: { readonly service: FederatedService; readonly type: MergeConflict['type'] },
  ): boolean {
    const known = this.#definitions.get(symbol)
    if (known === undefined) return true
    if (known.owner !== labelOf(service) && !sameDefinition(known.body, body)) {
      this.#report.conflict({
        type,
        item: symbol.slice(1),
        services: [known.owner, labelOf(service)],
        resolution: `Kept ${known.owner} version`,
        strategy: 'skip',
      })
    }
    return false
  }

  /** Gives types that nobody defines an empty definition, so that one slip does not spoil the whole set. */
  #stand(body: Record<string, unknown>, service: FederatedService): Record<string, unknown> {
    const scope = ownText(body, 'package') ?? ''
    for (const { name, isEnum } of referencesOf(body)) {
      if (this.#types.has(name) || this.#fromKnown(name)) continue
      const simple = name.slice(name.lastIndexOf('.') + 1)
      if (fullName(scope, simple) !== name) continue
      this.#report.warn(`${name.slice(1)} is not defined by ${labelOf(service)}; an empty definition stands for it`)
      const member = isEnum ? 'enumType' : 'messageType'
      const definition = isEnum ? { name: simple, value: [{ name: `${simple.toUpperCase()}_UNSPECIFIED`, number: 0 }] } : { name: simple }
      body[member] = [...ownList(body, member), definition]
      const file = ownText(body, 'name') ?? ''
      this.#definitions.set(name, { body: definition, file, owner: labelOf(service) })
      this.#types.set(name, file)
    }
    return body
  }

  /** Takes in the well-known file that defines a type, if there is one. */
  #fromKnown(type: string): boolean {
    if (!type.startsWith('.google.protobuf.')) return false
    const path = WELL_KNOWN.find((candidate) => definedIn(this.#known(candidate)).includes(type))
    return path !== undefined && this.#bring(path)
  }

  #bring(path: string): boolean {
    if (this.#files.has(path)) return true
    const file = this.#known(path)
    if (file === undefined) return false
    this.#names.take('files', path)
    this.#files.set(path, file)
    this.#originals.set(path, file)
    const scope = ownText(file, 'package') ?? ''
    for (const [member] of DEFINITIONS)
      for (const definition of ownList(file, member).filter(isObject)) {
        const symbol = fullName(scope, ownText(definition, 'name') ?? '')
        if (!this.#definitions.has(symbol)) this.#definitions.set(symbol, { body: definition, file: path, owner: 'protobuf' })
        for (const type of namesIn(definition, symbol)) if (!this.#types.has(type)) this.#types.set(type, path)
      }
    for (const dependency of ownList(file, 'dependency')) if (typeof dependency === 'string') this.#bring(dependency)
    return true
  }

  /** A file with imports of the files where things are now. */
  #linked(
    body: Record<string, unknown>,
    {
      file,
      name,
      places,
      brought,
      service,
    }: {
      readonly file: JsonObject
      readonly name: string
      readonly places: ReadonlyMap<string, string>
      /** All files that the service has. */
      readonly brought: ReadonlySet<string>
      readonly service: FederatedService
    },
  ): JsonObject {
    const indices = new Map<string, number>()
    const add = (path: string): number => {
      const index = indices.get(path) ?? indices.size
      indices.set(path, index)
      return index
    }
    const moved = ownList(file, 'dependency').map((path) => {
      if (typeof path !== 'string') return undefined
      const place = places.get(path) ?? (this.#files.has(path) || this.#bring(path) ? path : undefined)
      if (place !== undefined && place !== name) return add(place)
      // What it defined is imported from where it is now, below.
      if (!brought.has(path)) this.#report.warn(`${labelOf(service)} imports ${path} and does not bring it`)
      return undefined
    })
    for (const { name: type } of referencesOf(body)) {
      const place = this.#types.get(type)
      if (place !== undefined && place !== name) add(place)
    }
    for (const member of ['publicDependency', 'weakDependency']) {
      const kept = ownList(file, member).flatMap((index) => (typeof index === 'number' ? (moved[index] ?? []) : []))
      if (kept.length === 0) delete body[member]
      else body[member] = kept
    }
    if (indices.size === 0) delete body['dependency']
    else body['dependency'] = [...indices.keys()]
    return body
  }
}

/** Files of protobuf itself that services import and need not bring. */
const WELL_KNOWN = ['any', 'api', 'duration', 'empty', 'field_mask', 'source_context', 'struct', 'timestamp', 'type', 'wrappers'].map(
  (name) => `google/protobuf/${name}.proto`,
)

/** The types of a file, by full name. */
function definedIn(file: JsonObject | undefined): string[] {
  if (file === undefined) return []
  const scope = ownText(file, 'package') ?? ''
  return DEFINITIONS.flatMap(([member]) =>
    ownList(file, member)
      .filter(isObject)
      .flatMap((definition) => namesIn(definition, fullName(scope, ownText(definition, 'name') ?? ''))),
  )
}

/** Whether a document is a descriptor set in protobuf's JSON mapping. */
export function isDescriptorSet(document: JsonObject): boolean {
  return Array.isArray(own(document, 'file'))
}
