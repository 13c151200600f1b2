import { compareText, compareVersions } from '../semver.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../json.ts'
import { resolveItem, resolvePointer } from '../adapters/openapi.ts'
import { Names } from './names.ts'
import { SECTIONS } from './grammar.ts'
import { Translator } from './translator.ts'
import type { FederatedService, RoutedOperation } from './input.ts'
import type { JsonObject } from '../json.ts'

/** The head of a merged document. */
export interface FederatedInfo {
  readonly title: string
  readonly description: string
  readonly version: string
}

const INFO: FederatedInfo = { title: 'Federated API', description: 'Merged API specification from multiple services', version: '1.0.0' }

/**
 * All services' documents as one OpenAPI 3.1 document: only what is routed, where it is routed. Components of every kind are prefixed and every
 * reference follows; security, path-level parameters and servers are written out per operation. The same input gives the same document.
 */
export function mergeOpenApi(services: readonly FederatedService[], info: FederatedInfo = INFO): Record<string, unknown> {
  const included = services.filter(({ composition }) => composition?.include ?? true).sort(byName)
  const components = new Map([...SECTIONS.keys()].map((section) => [section, table<unknown>()]))
  const merger = { names: new Names(), components }
  const paths = table<Record<string, unknown>>()
  const webhooks = table<unknown>()
  const tags = new Map<string, JsonObject>()
  const extensions = table<unknown>()
  const winners = winnersOf(included)
  const places = new Places()
  for (const service of included) {
    const translator = new Translator(service, merger)
    const operations = service.operations().filter((operation) => winners.get(routeKey(operation)) === service)
    addPaths(
      operations.map((operation) => place(operation, { service, translator, places })),
      { service, translator, paths },
    )
    addWebhooks(service, translator, webhooks)
    addTags(service, translator, tags)
    translator.addComponents()
    if (service.composition?.preserveExtensions === true) {
      for (const [name, value] of Object.entries(service.document))
        if (name.startsWith('x-') && !Object.hasOwn(extensions, name)) extensions[name] = value
    }
  }
  return table<unknown>([
    ['openapi', '3.1.0'],
    ['info', { ...info }],
    ['servers', [{ url: '/', description: 'Gateway' }]],
    ['paths', paths],
    ...(Object.keys(webhooks).length === 0 ? [] : [['webhooks', webhooks] as const]),
    ['components', table([...components].filter(([, section]) => Object.keys(section).length > 0))],
    ['tags', [...tags].sort(([a], [b]) => compareText(a, b)).map(([, tag]) => tag)],
    ...Object.entries(extensions),
  ])
}

function byName(a: FederatedService, b: FederatedService): number {
  return compareText(a.name, b.name) || compareVersions(a.version, b.version) || compareText(a.id, b.id)
}

function routeKey({ method, key, host }: RoutedOperation): string {
  return `${host ?? ''} ${method} ${key}`
}

/** Which service a route belongs to: by priority, version and name, as the gateway decides. */
function winnersOf(services: readonly FederatedService[]): ReadonlyMap<string, FederatedService> {
  const winners = new Map<string, FederatedService>()
  const strongest = [...services].sort((a, b) => b.priority - a.priority || compareVersions(b.version, a.version) || byName(a, b))
  for (const service of strongest)
    for (const operation of service.operations()) if (!winners.has(routeKey(operation))) winners.set(routeKey(operation), service)
  return winners
}

/** Which path of the merged document a routed path becomes. */
class Places {
  readonly #texts = new Map<string, string>()

  /**
   * The path itself, unless it is taken by one that OpenAPI cannot tell apart: the same path on another host, or with other parameter names.
   * Then a fragment is added, which clients drop when they build the URL.
   */
  of({ mounted, key, host }: RoutedOperation, service: string): string {
    const text = `${host ?? ''} ${mounted}`
    const owner = this.#texts.get(key)
    if (owner === undefined) this.#texts.set(key, text)
    return owner === undefined || owner === text ? mounted : `${mounted}#${host ?? service}`
  }
}

interface Placed {
  readonly operation: RoutedOperation
  readonly at: string
  readonly id: string | undefined
}

function place(
  operation: RoutedOperation,
  { service, translator, places }: { service: FederatedService; translator: Translator; places: Places },
): Placed {
  const item = itemOf(operation, service)
  const source = ownObject(item, operation.method.toLowerCase()) ?? table()
  const at = places.of(operation, service.name)
  const { path } = operation
  return { operation, at, id: translator.place({ id: ownText(source, 'operationId'), method: operation.method.toLowerCase(), path, at }) }
}

function itemOf({ path }: RoutedOperation, { document }: FederatedService): JsonObject {
  return resolveItem(own(ownObject(document, 'paths') ?? table(), path), document) ?? table()
}

interface Target {
  readonly service: FederatedService
  readonly translator: Translator
  readonly paths: Record<string, Record<string, unknown>>
}

function addPaths(placed: readonly Placed[], { service, translator, paths }: Target): void {
  for (const { operation, at, id } of placed) {
    const method = operation.method.toLowerCase()
    const item = itemOf(operation, service)
    const source = ownObject(item, method)
    if (source === undefined) continue
    const copy = translator.operation(source, id)
    const parameters = parametersOf(item, source, service.document).flatMap(
      (parameter) => translator.translate(parameter, 'parameter') ?? [],
    )
    if (parameters.length > 0) copy['parameters'] = parameters
    const inherited = own(service.document, 'security')
    if (!Array.isArray(own(source, 'security')) && Array.isArray(inherited)) copy['security'] = translator.security(inherited)
    const servers = serversOf(operation, service)
    if (servers === undefined) delete copy['servers']
    else copy['servers'] = servers
    paths[at] ??= headOf(item)
    paths[at][method] = copy
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

function addTags({ document }: FederatedService, translator: Translator, tags: Map<string, JsonObject>): void {
  for (const tag of ownList(document, 'tags')) {
    const name = isObject(tag) ? ownText(tag, 'name') : undefined
    if (!isObject(tag) || name === undefined) continue
    const given = translator.tag(name)
    if (!tags.has(given)) tags.set(given, table([...Object.entries(tag), ['name', given]]))
  }
}
