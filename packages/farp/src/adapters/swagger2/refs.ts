import { own, ownObject, ownText, table } from '../../json.ts'
import { pointerTokens, resolvePointer } from '../pointers.ts'
import { convertSchema } from './schema.ts'
import type { JsonObject } from '../../json.ts'
import type { SchemaRefs } from './schema.ts'

/** What a parameter of the document's `parameters` becomes. */
export type ParameterPlace = 'parameters' | 'requestBodies' | 'inline'

/** Where the named parts of a document go, and what its references become. */
export class Refs implements SchemaRefs {
  readonly document: JsonObject
  readonly #names = new Map<string, ReadonlyMap<string, string>>()
  /** Schemas that are referred to where they stand, moved to the components. */
  readonly #moved = new Map<string, { readonly name: string; readonly schema: JsonObject }>()
  readonly #taken: Set<string>
  /** The schema of a body or of a form field may stand behind thousands of operations. */
  readonly #converted = new WeakMap<JsonObject, JsonObject>()

  constructor(document: JsonObject) {
    this.document = document
    for (const member of ['definitions', 'parameters', 'responses'])
      this.#names.set(member, namesOf(ownObject(document, member) ?? table()))
    this.#taken = new Set(this.#names.get('definitions')!.values())
  }

  converted(schema: JsonObject, convert: () => JsonObject): JsonObject {
    const known = this.#converted.get(schema) ?? convert()
    this.#converted.set(schema, known)
    return known
  }

  /** The component name of a part: what OpenAPI 3 allows as one, and unique. */
  nameOf(member: 'definitions' | 'parameters' | 'responses', name: string): string {
    return this.#names.get(member)!.get(name) ?? name
  }

  schema(ref: string): string {
    const [member = '', name = '', ...rest] = ref.startsWith('#') ? pointerTokens(ref) : []
    if (member === 'definitions' && name !== '') return pointer(['components', 'schemas', this.nameOf('definitions', name), ...rest])
    const target = resolvePointer(this.document, ref)
    if (!ref.startsWith('#') || typeof target !== 'object' || target === null || Array.isArray(target)) return ref
    return pointer(['components', 'schemas', this.#move(ref, target as JsonObject)])
  }

  /** What a reference to a response becomes. */
  response(ref: string): string {
    const [member, name = ''] = ref.startsWith('#') ? pointerTokens(ref) : []
    return member === 'responses' ? pointer(['components', 'responses', this.nameOf('responses', name)]) : ref
  }

  /** What a reference to a parameter becomes, in the part of the components where that one goes. */
  parameter(ref: string, place: ParameterPlace): string {
    const [member, name = ''] = ref.startsWith('#') ? pointerTokens(ref) : []
    return member === 'parameters' ? pointer(['components', place, this.nameOf('parameters', name)]) : ref
  }

  /** The moved schemas, converted. */
  moved(): [string, unknown][] {
    return [...this.#moved.values()].map(({ name, schema }) => [name, schema])
  }

  #move(ref: string, target: JsonObject): string {
    const known = this.#moved.get(ref)
    if (known !== undefined) return known.name
    let name = `Inline${this.#moved.size + 1}`
    while (this.#taken.has(name)) name += '_'
    this.#taken.add(name)
    // First the name: the schema may refer to itself.
    const entry = { name, schema: table<unknown>() }
    this.#moved.set(ref, entry)
    Object.assign(entry.schema, convertSchema(target, this))
    return name
  }
}

/** Where a parameter goes: bodies are no parameters any more, and form fields have no place of their own. */
export function placeOf(parameter: JsonObject): ParameterPlace {
  const at = ownText(parameter, 'in')
  return at === 'body' ? 'requestBodies' : at === 'formData' ? 'inline' : 'parameters'
}

function namesOf(parts: JsonObject): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set(Object.keys(parts).filter((name) => /^[\w.-]+$/.test(name)))
  // Names of other alphabets all become the same one: what was tried for one is not tried again for the next.
  const next = new Map<string, number>()
  for (const name of Object.keys(parts)) {
    if (taken.has(name)) {
      names.set(name, name)
      continue
    }
    const base = name.replaceAll(/[^\w.-]+/g, '_') || '_'
    let free = base
    let n = next.get(base) ?? 2
    for (; taken.has(free); n++) free = `${base}_${n}`
    next.set(base, n)
    taken.add(free)
    names.set(name, free)
  }
  return names
}

function pointer(tokens: readonly string[]): string {
  return `#/${tokens.map((token) => token.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('%', '%25')).join('/')}`
}

/** An object through local references of the document. */
export function followed(value: unknown, document: JsonObject): JsonObject | undefined {
  let current = value
  for (let steps = 0; steps < 16; steps++) {
    if (typeof current !== 'object' || current === null || Array.isArray(current)) return undefined
    const ref = own(current as JsonObject, '$ref')
    if (typeof ref !== 'string') return current as JsonObject
    current = resolvePointer(document, ref)
  }
  return undefined
}
