import { Kind, parse, print } from 'graphql'
import { labelOf } from '../merged.ts'
import type {
  DefinitionNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
  ObjectTypeDefinitionNode,
  ObjectTypeExtensionNode,
} from 'graphql'
import type { FederatedService } from '../input.ts'
import type { Report } from '../merged.ts'

/** A service's schema language. */
export interface Part {
  readonly service: FederatedService
  readonly sdl: string
}

interface Read extends Part {
  readonly definitions: readonly DefinitionNode[]
  /** `Query`, `Mutation` and `Subscription` by the names that the service has for them. */
  readonly roots: ReadonlyMap<string, string>
}

const ROOTS = ['Query', 'Mutation', 'Subscription']

/**
 * Several schemas as one text, each under its service's name. What more than one defines is there once: equal definitions silently, others as comments
 * below the first, which is noted. The fields of `Query`, `Mutation` and `Subscription` come together. Throws when a text is no schema language.
 */
export function combine(parts: readonly Part[], report: Report): string {
  const reads = parts.map(read)
  const types = new Set(reads.flatMap(({ definitions }) => definitions.flatMap((definition) => nameOf(definition, false) ?? [])))
  const combiner = new Combiner(types, report)
  return reads.map((part) => combiner.write(part)).join('\n')
}

function read({ service, sdl }: Part): Read {
  const { definitions } = parse(sdl)
  const roots = new Map(ROOTS.map((name) => [name, name]))
  for (const definition of definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue
    for (const { operation, type } of definition.operationTypes ?? []) {
      const root = `${operation[0]!.toUpperCase()}${operation.slice(1)}`
      for (const [name, known] of roots) if (known === root) roots.delete(name)
      roots.set(type.name.value, root)
    }
  }
  return { service, sdl, definitions, roots }
}

/** The name that a definition defines; with `extensions`, or extends. */
function nameOf(definition: DefinitionNode, extensions: boolean): string | undefined {
  if (!('name' in definition) || definition.name === undefined) return undefined
  if (definition.kind === Kind.DIRECTIVE_DEFINITION) return `@${definition.name.value}`
  if (definition.kind.endsWith('Definition')) return definition.name.value
  return extensions && definition.kind.endsWith('Extension') ? definition.name.value : undefined
}

class Combiner {
  readonly #types: ReadonlySet<string>
  readonly #report: Report
  readonly #known = new Map<string, { readonly text: string; readonly owner: string }>()
  readonly #opened = new Set<string>()

  constructor(types: ReadonlySet<string>, report: Report) {
    this.#types = types
    this.#report = report
  }

  write(part: Read): string {
    const { service, sdl, definitions } = part
    const lines = [`# From service: ${oneLine(labelOf(service))}`]
    let end = 0
    for (const definition of definitions) {
      const { loc } = definition
      if (loc === undefined) continue
      // The comments in front belong to it.
      const chunk = sdl.slice(end, loc.end).trim()
      const comments = sdl.slice(end, loc.start).trim()
      end = loc.end
      lines.push(this.#write(definition, { part, chunk, comments }))
    }
    const rest = sdl.slice(end).trim()
    return [...lines, ...(rest === '' ? [] : [rest]), ''].join('\n\n')
  }

  #write(
    definition: DefinitionNode,
    { part, chunk, comments }: { readonly part: Read; readonly chunk: string; readonly comments: string },
  ): string {
    if (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION) return commented(chunk)
    if (isObjectType(definition)) {
      const root = part.roots.get(definition.name.value)
      if (root !== undefined) return this.#writeFields(definition, root, { part, comments })
    }
    const name = nameOf(definition, true)
    if (name === undefined) return commented(chunk)
    if (!definition.kind.endsWith('Extension')) return this.#writeOnce(definition, name, { part, chunk })
    if (isObjectType(definition)) return this.#writeFields(definition, name, { part, comments })
    const isAlone = !this.#types.has(name) || this.#claim(`extend ${name} ${print(definition)}`, print(definition), part) !== 'new'
    return isAlone ? commented(chunk) : chunk
  }

  #writeOnce(definition: DefinitionNode, name: string, { part, chunk }: { readonly part: Read; readonly chunk: string }): string {
    const found = this.#claim(name, print(definition), part)
    if (found === 'new') {
      this.#opened.add(name)
      if ('fields' in definition)
        for (const field of definition.fields ?? []) this.#claim(`${name}.${field.name.value}`, print(field), part)
      return chunk
    }
    return found === 'same' ? `# ${name}: as above` : commented(chunk)
  }

  /** An object type whose fields may come from several services: the first opens it, the others extend it. */
  #writeFields(
    definition: ObjectTypeDefinitionNode | ObjectTypeExtensionNode,
    name: string,
    { part, comments }: { readonly part: Read; readonly comments: string },
  ): string {
    let end = definition.fields?.[0]?.loc?.start ?? 0
    const fields = (definition.fields ?? []).map((field) => {
      // Comments between fields stay between them.
      const text = indented(part.sdl.slice(end, field.loc?.end).trim())
      end = field.loc?.end ?? end
      const found = this.#claim(`${name}.${field.name.value}`, print(field), part)
      return {
        text: found === 'new' ? text : found === 'same' ? `  # ${field.name.value}: as above` : commented(text),
        isNew: found === 'new',
      }
    })
    const isOpen = this.#opened.has(name)
    const isPlain = definition.kind === Kind.OBJECT_TYPE_DEFINITION && !isOpen
    const isExtended = isOpen || (definition.kind === Kind.OBJECT_TYPE_EXTENSION && this.#types.has(name) && !ROOTS.includes(name))
    if (!isExtended) this.#opened.add(name)
    const described = isPlain && definition.description?.loc !== undefined ? `${slice(part.sdl, definition.description)}\n` : ''
    const lead = `${comments === '' ? '' : `${comments}\n`}${described}${isExtended ? 'extend ' : ''}type ${name}`
    // Repeated, interfaces and directives would clash.
    const head = isPlain ? `${lead}${headOf(definition)}` : lead
    const body = fields.map(({ text }) => text).join('\n')
    if (!fields.some(({ isNew }) => isNew)) return commented(`${head} {\n${body}\n}`)
    return `${head} {\n${body}\n}`
  }

  #claim(name: string, text: string, { service }: Part): 'new' | 'same' | 'other' {
    const known = this.#known.get(name)
    const owner = labelOf(service)
    if (known === undefined) {
      this.#known.set(name, { text, owner })
      return 'new'
    }
    if (known.text === text) return 'same'
    if (known.owner !== owner) {
      const resolution = `Kept ${known.owner} version`
      this.#report.conflict({ type: 'graphql_type', item: name, services: [known.owner, owner], resolution, strategy: 'skip' })
    }
    return 'other'
  }
}

function isObjectType(definition: DefinitionNode): definition is ObjectTypeDefinitionNode | ObjectTypeExtensionNode {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
}

function headOf({ interfaces = [], directives = [] }: ObjectTypeDefinitionNode | ObjectTypeExtensionNode): string {
  const names = interfaces.map((node) => print(node)).join(' & ')
  return [names === '' ? '' : ` implements ${names}`, ...directives.map((node) => ` ${print(node)}`)].join('')
}

function slice(sdl: string, { loc }: Pick<FieldDefinitionNode | InputValueDefinitionNode, 'loc'>): string {
  return loc === undefined ? '' : sdl.slice(loc.start, loc.end)
}

function indented(text: string): string {
  return `  ${text}`
}

function commented(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `# ${line}`)
    .join('\n')
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ')
}
