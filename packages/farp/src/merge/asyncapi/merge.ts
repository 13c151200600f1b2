import { clean } from '../../text.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { Components } from '../components.ts'
import { labelOf, MERGE_OPTIONS, Report } from '../merged.ts'
import { Naming } from '../naming.ts'
import { componentName, pointerToken } from '../names.ts'
import { isCollapsed, keepExtensions, prefixOf, strategyOf, takePart } from '../select.ts'
import { serverSecurity, sourceOf } from './channels.ts'
import { toVersion3 } from './convert.ts'
import { ON_DEMAND, SECTIONS } from './grammar.ts'
import { GatewayServers } from './servers.ts'
import { Translator } from './translator.ts'
import { winnersOf, wonBy } from '../winners.ts'
import type { FederatedService, RoutedOperation } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Merged, MergeOptions } from '../merged.ts'
import type { Named } from '../naming.ts'
import type { Source, SourceChannel } from './channels.ts'
import type { Versions } from './translator.ts'

interface Member {
  readonly service: FederatedService
  readonly versions: Versions
  readonly named: Named
}

interface Target {
  readonly components: Components
  readonly servers: GatewayServers
  readonly channels: Record<string, unknown>
  readonly operations: Record<string, unknown>
  readonly report: Report
  readonly options: MergeOptions
}

/**
 * All services' AsyncAPI documents as one of version 3: the channels that are routed, at the gateway's addresses and on the gateway's servers. Channels
 * are `<service>.<name>`, everything else is `<service>_<name>`, and every reference follows. The same input gives the same document.
 */
export function mergeAsyncApi(services: readonly FederatedService[], options: MergeOptions = MERGE_OPTIONS): Merged {
  const report = new Report()
  const components = new Components([...SECTIONS.keys(), ...ON_DEMAND.keys()])
  const servers = new GatewayServers(options.host)
  const target: Target = { components, servers, channels: table(), operations: table(), report, options }
  const extensions = table<unknown>()
  const tags = new Map<string, JsonObject>()
  for (const { service, versions, named } of admit(services, target)) {
    const translator = new Translator(service, versions, { named, components })
    const source = sourceOf(versions.document, service)
    for (let lane = 0; lane === 0 || source.channels.some(({ places }) => places.length > lane); lane++)
      addLane(source, { service, document: versions.document, translator, lane }, target)
    translator.addComponents()
    for (const tag of ownList(ownObject(versions.document, 'info') ?? table(), 'tags')) {
      const copy = translator.translate(tag, 'tag')
      const key = isObject(copy) ? (ownText(copy, 'name') ?? JSON.stringify(copy)) : undefined
      if (key !== undefined && !tags.has(key)) tags.set(key, copy as JsonObject)
    }
    keepExtensions(service, { extensions, report })
    report.include(service)
  }
  const document = table<unknown>([
    ['asyncapi', '3.0.0'],
    ['info', { ...options.info, ...(tags.size === 0 ? {} : { tags: [...tags.values()] }) }],
    ['servers', servers.written()],
    ['channels', target.channels],
    ['operations', target.operations],
    ['components', components.written()],
    ...Object.entries(extensions),
  ])
  return report.merged(document)
}

function unusable(document: JsonObject): string | undefined {
  const version = ownText(document, 'asyncapi')
  if (version === undefined || !/^[23]\.\d/.test(version))
    return `it is no AsyncAPI 2 or 3 document (${clean(version ?? 'no version', 20)})`
  return undefined
}

/** Converts documents and names their components; a service that wants no conflicts and has some stays out. */
function admit(services: readonly FederatedService[], { components, report, options }: Target): Member[] {
  const winners = winnersOf(services, 'channel', report)
  const naming = new Naming(components, { ...options.security, schemes: {} })
  return takePart(services, report, { options, unusable }).flatMap((service) => {
    const document = toVersion3(service.document)
    const won = wonBy(service, winners)
    const converted = { ...service, document, operations: () => won }
    const strategy = strategyOf(service, options)
    const decisions = naming
      .decide(converted, { strategy, prefix: componentName(prefixOf(service)) })
      .filter(({ section }) => !ON_DEMAND.has(section))
    const conflicts = decisions.flatMap(({ conflict }) => conflict ?? [])
    const [first] = conflicts
    if (strategy === 'error' && first !== undefined) {
      const label = labelOf(service)
      for (const conflict of conflicts) report.conflict({ ...conflict, resolution: `${label} is left out` })
      report.exclude(label, `${first.type} conflict: ${first.item} exists in both ${first.services[0]} and ${first.services[1]}`)
      return []
    }
    for (const conflict of conflicts) report.conflict(conflict)
    return [{ service: converted, versions: { document, original: service.document }, named: naming.name(converted, decisions) }]
  })
}

interface Lane {
  readonly service: FederatedService
  readonly document: JsonObject
  readonly translator: Translator
  /** Which of a channel's places: a service with several mounts has its channels once per mount. */
  readonly lane: number
}

function addLane({ channels, operations }: Source, { service, document, translator, lane }: Lane, target: Target): void {
  const { components, report, options } = target
  const prefix = prefixOf(service)
  const placed = new Map<
    JsonObject,
    { readonly channel: SourceChannel; readonly id: string; readonly place: RoutedOperation | undefined }
  >()
  const put = (channel: SourceChannel, place: RoutedOperation | undefined): void => {
    const id = components.names.take('channel ids', `${prefix}.${channel.key}`)
    placed.set(channel.body, { channel, id, place })
    translator.placeChannel(channel.body, id)
  }
  for (const channel of channels) if (channel.places[lane] !== undefined) put(channel, channel.places[lane])
  const shown = operations.filter(({ channel }) => channel !== undefined && placed.has(channel))
  // Replies come over channels that are nowhere in particular; without them the operations would say less.
  const byBody = new Map(channels.toReversed().map((channel) => [channel.body, channel]))
  for (const { replies } of shown) {
    const channel = replies === undefined ? undefined : byBody.get(replies)
    if (channel !== undefined && !placed.has(channel.body)) put(channel, undefined)
  }
  const left = channels.filter(({ body }) => !placed.has(body)).length
  if (lane === 0 && left > 0) report.warn(`${labelOf(service)}: ${left} of ${channels.length} channels are not routed and not shown`)
  const ids = shown.map(({ id, body }) => {
    const given = components.names.take('operation ids', `${prefix}_${id}`)
    translator.placeOperation(body, given)
    return given
  })
  for (const { channel, id, place } of placed.values())
    target.channels[id] = copyChannel(channel, { translator, place, servers: target.servers })
  for (const [index, { body, channel }] of shown.entries()) {
    const copy = translator.translate(body, 'operation') as Record<string, unknown>
    const inherited = Object.hasOwn(body, 'security') ? undefined : serverSecurity(channel!, document)
    if (inherited !== undefined) copy['security'] = inherited.flatMap((item) => translator.translate(item, 'securityScheme') ?? [])
    if (isCollapsed(service, options)) copy['tags'] = [{ name: prefix, description: `Routes from ${prefix}` }]
    target.operations[ids[index]!] = copy
  }
}

interface ChannelTarget {
  readonly translator: Translator
  readonly place: RoutedOperation | undefined
  readonly servers: GatewayServers
}

function copyChannel({ body }: SourceChannel, { translator, place, servers }: ChannelTarget): unknown {
  const bare = table(Object.entries(body).filter(([name]) => name !== 'servers' && name !== 'address'))
  const copy = translator.translate(bare, 'channel') as Record<string, unknown>
  if (place === undefined) return table([['address', own(body, 'address') ?? null], ...Object.entries(copy)])
  const server = { $ref: `#/servers/${pointerToken(servers.nameFor(place))}` }
  return table([['address', place.mounted], ...Object.entries(copy), ['servers', [server]]])
}
