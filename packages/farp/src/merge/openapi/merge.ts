import { compareText } from '../../semver.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { openApi3 } from '../../adapters/openapi.ts'
import { resolveItem, resolvePointer } from '../../adapters/pointers.ts'
import { clean } from '../../text.ts'
import { labelOf, MERGE_OPTIONS, Report } from '../merged.ts'
import { componentPrefix, isCollapsed, keepExtensions, prefixOf, strategyOf, takePart } from '../select.ts'
import { Components } from '../components.ts'
import { downgradeTag } from './downgrade.ts'
import { Naming } from '../naming.ts'
import { leaveUnneeded } from './schemes.ts'
import { SECTIONS } from './grammar.ts'
import { winnersOf, wonBy } from '../winners.ts'
import { Paths } from './paths.ts'
import { Translator } from './translator.ts'
import type { Merged, MergeOptions } from '../merged.ts'
import type { FederatedService, RoutedOperation } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Named } from '../naming.ts'
import type { Shown } from './paths.ts'

/** A service that takes part, with the names of its components. */
interface Member {
  readonly service: FederatedService
  readonly named: Named
}

/**
 * All services' documents as one OpenAPI 3.1 document: only what is routed, where it is routed. Components of every kind are prefixed and every
 * reference follows; security, path-level parameters and servers are written out per operation. The same input gives the same document.
 */
export function mergeOpenApi(services: readonly FederatedService[], options: MergeOptions = MERGE_OPTIONS): Merged {
  const report = new Report()
  const modern = services.map((service) => ({ ...service, document: openApi3(service.document) }))
  const candidates = takePart(modern, report, { options, unusable })
  const components = new Components(SECTIONS.keys())
  const paths = new Paths()
  const members = admit(candidates, { services: modern, options, report, components, paths })
  const merger = { components, options, neededSchemes: new Set<string>() }
  const items = table<Record<string, unknown>>()
  const webhooks = table<unknown>()
  const tags = new Map<string, JsonObject>()
  const extensions = table<unknown>()
  for (const { service, named } of members) {
    const translator = new Translator(service, named, merger)
    addPaths(paths.of(service), { service, translator, paths: items })
    addWebhooks(service, translator, webhooks)
    addTags(service, { translator, tags, options })
    translator.addComponents()
    keepExtensions(service, { extensions, report })
    report.include(service)
  }
  leaveUnneeded(members, { components, options, report, needed: merger.neededSchemes })
  const document = table<unknown>([
    ['openapi', '3.1.0'],
    ['info', { ...options.info }],
    ['servers', [{ url: '/', description: 'Gateway' }]],
    ['paths', items],
    ...(Object.keys(webhooks).length === 0 ? [] : [['webhooks', webhooks] as const]),
    ['components', components.written()],
    ['tags', [...tags].sort(([a], [b]) => compareText(a, b)).map(([, tag]) => tag)],
    ...Object.entries(extensions),
  ])
  return report.merged(document)
}

/** Why a document cannot be merged. */
function unusable(document: JsonObject): string | undefined {
  const version = ownText(document, 'openapi')
  if (version === undefined || !/^3\.\d/.test(version)) return `it is no OpenAPI 3 document (${clean(version ?? 'no version', 20)})`
  return undefined
}

interface Admission {
  readonly services: readonly FederatedService[]
  readonly options: MergeOptions
  readonly report: Report
  readonly components: Components
  readonly paths: Paths
}

/** Decides what becomes of paths and names, one service after the other; a service that wants no conflicts and has some stays out. */
function admit(candidates: readonly FederatedService[], { services, options, report, components, paths }: Admission): Member[] {
  const winners = winnersOf(services, 'path', report)
  const naming = new Naming(components, options.security ?? {})
  return candidates.flatMap((service) => {
    const strategy = strategyOf(service, options)
    const arrival = paths.arrive(service, wonBy(service, winners), strategy)
    const decisions = naming.decide(service, { strategy, prefix: componentPrefix(service) })
    const conflicts = [...arrival.conflicts, ...decisions.flatMap(({ conflict }) => conflict ?? [])]
    if (strategy === 'error' && conflicts.length > 0) {
      const label = labelOf(service)
      for (const conflict of conflicts) report.conflict({ ...conflict, resolution: `${label} is left out` })
      const [{ type, item, services: pair }] = conflicts as [(typeof conflicts)[0]]
      // One service must not be able to take the document away from all others.
      report.exclude(label, `${type} conflict: ${item} exists in both ${pair[0]} and ${pair[1]}`)
      return []
    }
    for (const conflict of conflicts) report.conflict(conflict)
    paths.add(service, arrival)
    return [{ service, named: naming.name(service, decisions) }]
  })
}

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

function itemOf({ path }: RoutedOperation, { document }: FederatedService): JsonObject {
  return resolveItem(own(ownObject(document, 'paths') ?? table(), path), document) ?? table()
}

interface Target {
  readonly service: FederatedService
  readonly translator: Translator
  readonly paths: Record<string, Record<string, unknown>>
}

function addPaths(shown: readonly Shown[], { service, translator, paths }: Target): void {
  const placed = shown.map(({ operation, at }) => {
    const item = itemOf(operation, service)
    const method = operation.method.toLowerCase()
    const source = ownObject(item, method)
    const id = source === undefined ? undefined : ownText(source, 'operationId')
    // Methods that 3.1 does not know, such as QUERY of 3.2, are extensions.
    const slot = METHODS.has(method) ? method : `x-${method}`
    return { operation, at, item, slot, source, id: translator.place({ id, method, slot, path: operation.path, at }) }
  })
  for (const { operation, at, item, slot, source, id } of placed) {
    if (source === undefined) continue
    const parameters = parametersOf(item, source, service.document)
    const full = parameters.length > 0 ? table([...Object.entries(source), ['parameters', parameters]]) : source
    const copy = translator.operation(full, id)
    const servers = serversOf(operation, service)
    if (servers === undefined) delete copy['servers']
    else copy['servers'] = servers
    paths[at] ??= headOf(item)
    paths[at][slot] = copy
  }
}

/** What a path item says of itself. Parameters and servers are written out per operation. */
function headOf(item: JsonObject): Record<string, unknown> {
  return table(Object.entries(item).filter(([name]) => name === 'summary' || name === 'description' || name.startsWith('x-')))
}

/** The operation's parameters and those of its path item that it does not override (by name and place). */
function parametersOf(item: JsonObject, operation: JsonObject, document: JsonObject): unknown[] {
  const mine = ownList(operation, 'parameters')
  const known = new Set(mine.map((parameter) => identityOf(parameter, document)))
  return [...ownList(item, 'parameters').filter((parameter) => !known.has(identityOf(parameter, document))), ...mine]
}

function identityOf(parameter: unknown, document: JsonObject): string {
  let current = parameter
  for (let steps = 0; steps < 16 && isObject(current); steps++) {
    const ref = ownText(current, '$ref')
    if (ref === undefined) return `${ownText(current, 'in')} ${ownText(current, 'name')}`
    current = resolvePointer(document, ref)
  }
  return JSON.stringify(parameter)
}

/** Clients call the gateway, so a service's own servers go; only what it wants shown (`custom_servers`) and its subdomain are written. */
function serversOf({ host }: RoutedOperation, { composition }: FederatedService): unknown[] | undefined {
  const custom = composition?.customServers ?? []
  if (custom.length > 0) return [...custom]
  if (host === undefined) return undefined
  if (!host.endsWith('.*')) return [{ url: `//${host}` }]
  return [{ url: `//${host.slice(0, -1)}{domain}`, variables: { domain: { default: 'localhost' } } }]
}

function addWebhooks({ document }: FederatedService, translator: Translator, webhooks: Record<string, unknown>): void {
  for (const [name, item] of Object.entries(ownObject(document, 'webhooks') ?? {})) {
    const copy = name.startsWith('x-') ? undefined : translator.translate(item, 'pathItem')
    if (copy !== undefined) webhooks[translator.webhook(name)] = copy
  }
}

interface TagTarget {
  readonly translator: Translator
  readonly tags: Map<string, JsonObject>
  readonly options: MergeOptions
}

function addTags(service: FederatedService, { translator, tags, options }: TagTarget): void {
  if (isCollapsed(service, options)) {
    const name = prefixOf(service)
    tags.set(name, { name, description: `Routes from ${name}` })
    return
  }
  for (const tag of ownList(service.document, 'tags')) {
    const name = isObject(tag) ? ownText(tag, 'name') : undefined
    if (!isObject(tag) || name === undefined) continue
    const given = translator.tag(name)
    if (tags.has(given)) continue
    const copy = table<unknown>([...Object.entries(tag), ['name', given]])
    const parent = ownText(tag, 'parent')
    if (parent !== undefined) copy['parent'] = translator.tag(parent)
    downgradeTag(copy)
    tags.set(given, copy)
  }
}
