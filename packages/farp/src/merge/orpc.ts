import { isObject, own, ownObject, ownText, table } from '../json.ts'
import { pointerTokens } from '../adapters/pointers.ts'
import { Components } from './components.ts'
import { labelOf, MERGE_OPTIONS, Report } from './merged.ts'
import { Naming } from './naming.ts'
import { componentName, pointerToken } from './names.ts'
import { GRAMMAR } from './openapi/grammar.ts'
import { keepExtensions, prefixOf, strategyOf, takePart } from './select.ts'
import { walk } from './walk.ts'
import { winnersOf, wonBy } from './winners.ts'
import type { FederatedService, RoutedOperation } from './input.ts'
import type { JsonObject } from '../json.ts'
import type { Merged, MergeOptions } from './merged.ts'
import type { Named } from './naming.ts'

interface Target {
  readonly components: Components
  readonly procedures: Record<string, unknown>
  readonly report: Report
}

/**
 * All services' oRPC documents as one: the procedures that are routed as `<service>.<name>`, each with the path where the gateway has it, schemas as
 * `<service>_<Name>`; references follow. The same input gives the same document.
 */
export function mergeOrpc(services: readonly FederatedService[], options: MergeOptions = MERGE_OPTIONS): Merged {
  const report = new Report()
  const components = new Components(['schemas', 'securitySchemes'])
  const naming = new Naming(components, { ...options.security, schemes: {} })
  const winners = winnersOf(services, 'orpc_procedure', report)
  const procedures = table<unknown>()
  const extensions = table<unknown>()
  for (const service of takePart(services, report, { options, unusable })) {
    const strategy = strategyOf(service, options)
    const decisions = naming.decide(sectioned(service), { strategy, prefix: componentName(prefixOf(service)) })
    const conflicts = decisions.flatMap(({ conflict }) => conflict ?? [])
    const [first] = conflicts
    const label = labelOf(service)
    if (strategy === 'error' && first !== undefined) {
      for (const conflict of conflicts) report.conflict({ ...conflict, resolution: `${label} is left out` })
      report.exclude(label, `${first.type} conflict: ${first.item} exists in both ${first.services[0]} and ${first.services[1]}`)
      continue
    }
    for (const conflict of conflicts) report.conflict(conflict)
    const translator = new Translator(service, naming.name(sectioned(service), decisions), components)
    addProcedures(wonBy(service, winners), { service, translator }, { components, procedures, report })
    translator.addComponents()
    keepExtensions(service, { extensions, report })
    report.include(service)
  }
  const document = table<unknown>([
    ['orpc', '1.0.0'],
    ['info', { ...options.info }],
    ['servers', [{ url: '/', description: 'Gateway' }]],
    ['procedures', procedures],
    ...Object.entries(components.written()),
    ...Object.entries(extensions),
  ])
  return report.merged(document)
}

function unusable(document: JsonObject): string | undefined {
  return ownText(document, 'orpc') === undefined ? 'it is no oRPC document' : undefined
}

/** The service with its schemas and security schemes where naming looks for them. */
function sectioned(service: FederatedService): FederatedService {
  const { document } = service
  const sections = ['schemas', 'securitySchemes'].map((section): [string, unknown] => [section, ownObject(document, section) ?? table()])
  return { ...service, document: table([['components', table(sections)]]) }
}

function addProcedures(
  routed: readonly RoutedOperation[],
  { service, translator }: { readonly service: FederatedService; readonly translator: Translator },
  { components, procedures, report }: Target,
): void {
  const { document } = service
  const transport = ownObject(document, 'transport') ?? table()
  const written = Object.entries(ownObject(document, 'procedures') ?? table()).flatMap(([name, item]): [string, JsonObject][] =>
    isObject(item) ? [[name, item]] : [],
  )
  let left = 0
  for (const [name, procedure] of written) {
    // Names were cleaned on the way into routes, so the path's end is as good a sign.
    const mine = routed.filter(({ operationId, path }) => operationId === name || (operationId === undefined && path.endsWith(`/${name}`)))
    const places = new Map(mine.map((operation) => [`${operation.host ?? ''} ${operation.mounted}`, operation]))
    if (places.size === 0) left++
    for (const place of places.values()) {
      const methods = mine.filter(({ mounted, host }) => mounted === place.mounted && host === place.host).map(({ method }) => method)
      const at = { ...transport, endpoint: place.mounted, methods, ...(place.host === undefined ? {} : { host: place.host }) }
      const copy = translator.procedure(procedure)
      if (!Object.hasOwn(copy, 'name')) copy['name'] = name
      copy['transport'] = at
      procedures[components.names.take('procedures', `${prefixOf(service)}.${name}`)] = copy
    }
  }
  if (left > 0) report.warn(`${labelOf(service)}: ${left} of ${written.length} procedures are not routed and not shown`)
}

/** Brings one service's schemas into the merged document. */
class Translator {
  readonly #service: FederatedService
  readonly #named: Named
  readonly #components: Components

  constructor(service: FederatedService, named: Named, components: Components) {
    this.#service = service
    this.#named = named
    this.#components = components
  }

  procedure(source: JsonObject): Record<string, unknown> {
    const copy = table(Object.entries(source))
    for (const name of ['input', 'output']) if (Object.hasOwn(source, name)) copy[name] = this.#schema(source[name])
    const errors = ownObject(source, 'errors')
    if (errors !== undefined) copy['errors'] = table(Object.entries(errors).map(([name, item]) => [name, this.#error(item)]))
    const security = own(source, 'security') ?? own(this.#service.document, 'security')
    if (Array.isArray(security)) copy['security'] = security.filter(isObject).map((requirement) => this.#requirement(requirement))
    return copy
  }

  addComponents(): void {
    for (const section of ['schemas', 'securitySchemes'])
      for (const [name, value] of Object.entries(ownObject(this.#service.document, section) ?? table())) {
        const given = this.#named.renamed.get(section)!.get(name)
        if (given === undefined || this.#named.borrowed.has(`${section} ${name}`)) continue
        this.#components.set(section, given, section === 'schemas' ? this.#schema(value) : value)
      }
  }

  #requirement(requirement: JsonObject): JsonObject {
    const schemes = this.#named.renamed.get('securitySchemes')!
    const prefix = componentName(prefixOf(this.#service))
    // An undefined scheme gets the prefix as well: it must not become another service's.
    return table(Object.entries(requirement).map(([name, scopes]) => [schemes.get(name) ?? `${prefix}_${componentName(name)}`, scopes]))
  }

  /** An error is a schema, or says beside other things which schema its data has. */
  #error(error: unknown): unknown {
    const data = isObject(error) ? own(error, 'data') : undefined
    if (!isObject(error) || !isObject(data)) return this.#schema(error)
    return table([...Object.entries(error), ['data', this.#schema(data)]])
  }

  #schema(schema: unknown): unknown {
    if (!isObject(schema)) return schema
    return walk(schema, 'schema', { grammar: GRAMMAR, before: (found) => found, after: () => {}, ref: (ref) => this.#ref(ref) })
  }

  #ref(ref: string): string {
    const [start, ...rest] = ref.startsWith('#/') ? pointerTokens(ref) : []
    const [section, name, ...inner] = start === 'components' ? rest : [start ?? '', ...rest]
    if (section !== 'schemas' || name === undefined) return ref
    const given = this.#named.renamed.get('schemas')!.get(name) ?? this.#missing(name)
    return `#/schemas/${[given, ...inner].map(pointerToken).join('/')}`
  }

  /** A schema that its service does not define. */
  #missing(name: string): string {
    const given = this.#components.claim(
      'schemas',
      `${componentName(prefixOf(this.#service))}_${componentName(name)}`,
      labelOf(this.#service),
    )
    this.#named.renamed.get('schemas')!.set(name, given)
    this.#components.set('schemas', given, { description: 'Not defined by the service.' })
    return given
  }
}
