import { own, ownList, ownObject, ownText, table } from '../../json.ts'
import { isWeb } from './servers.ts'
import type { Channel } from './channel.ts'
import type { JsonObject } from '../../json.ts'

/** How clients use a channel: its methods, and what flows. */
export interface ChannelKind {
  readonly methods: readonly string[]
  readonly protocol: 'rest' | 'websocket' | 'sse'
}

const WEBSOCKET: ChannelKind = { methods: ['GET'], protocol: 'websocket' }
const EVENTS: ChannelKind = { methods: ['GET'], protocol: 'sse' }

/** How clients use a channel, or why they cannot: what it says itself comes first, then its bindings, then its servers. */
export function kindOf(channel: Channel, metadata: JsonObject): ChannelKind | { readonly problem: string } {
  const speaks = [...new Set(channel.servers.map(({ protocol }) => protocol))]
  const brokers = speaks.filter((protocol) => !isWeb(protocol))
  if (speaks.length > 0 && brokers.length === speaks.length) return { problem: `its servers speak ${brokers.join(', ')}` }
  const owners = [channel.body, ...channel.operations.map(({ body }) => body)]
  const declared = owners.flatMap(declaredOf)
  if (declared.includes('sse')) return EVENTS
  if (declared.includes('websocket') || declared.includes('ws')) return WEBSOCKET
  const bindings = owners.flatMap((owner) => Object.keys(ownObject(owner, 'bindings') ?? table())).filter((name) => !name.startsWith('x-'))
  if (bindings.includes('ws')) return WEBSOCKET
  if (bindings.includes('http')) return overHttp(owners)
  if (speaks.length === 0) {
    const only = bindings.length > 0 ? [...new Set(bindings)] : [ownText(metadata, 'protocol') ?? '']
    if (only.every((protocol) => !isWeb(protocol.toLowerCase()))) return { problem: `it is bound to ${only.join(', ')}` }
  }
  const hasSockets = speaks.length === 0 || speaks.some((protocol) => protocol === 'ws' || protocol === 'wss' || protocol === '')
  if (hasSockets) return WEBSOCKET
  const actions = new Set(channel.operations.map(({ action }) => action))
  if (actions.size !== 1) return WEBSOCKET
  // Which way messages flow is sure in version 2 alone: version 3 looks from the application, and services in use look from the client.
  return actions.has('publish') ? { methods: ['POST'], protocol: 'rest' } : EVENTS
}

/** A tag or an extension that says what flows. */
function declaredOf(owner: JsonObject): string[] {
  return [...tagsOf(owner), ownText(owner, 'x-protocol') ?? ''].map((text) => text.toLowerCase())
}

/** The names of `tags`, which are objects in both versions; texts are taken as well. */
export function tagsOf(owner: JsonObject): string[] {
  return ownList(owner, 'tags').flatMap((tag) => {
    if (typeof tag === 'string') return [tag]
    const name = typeof tag === 'object' && tag !== null && !Array.isArray(tag) ? ownText(tag as JsonObject, 'name') : undefined
    return name === undefined ? [] : [name]
  })
}

/** A binding of HTTP that gets is a stream of events; any other method is a plain request. */
function overHttp(owners: readonly JsonObject[]): ChannelKind {
  const methods = owners.flatMap((owner) => {
    const binding = ownObject(ownObject(owner, 'bindings') ?? table(), 'http')
    const method = binding === undefined ? undefined : own(binding, 'method')
    return typeof method === 'string' && /^(?:GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS)$/i.test(method) ? [method.toUpperCase()] : []
  })
  const others = [...new Set(methods)].filter((method) => method !== 'GET')
  if (others.length === 0) return EVENTS
  return { methods: methods.includes('GET') ? ['GET', ...others] : others, protocol: 'rest' }
}
