import { own, ownList, ownObject, ownText, table } from '../../json.ts'
import { resolveItem } from '../../adapters/pointers.ts'
import type { FederatedService, RoutedOperation } from '../input.ts'
import type { JsonObject } from '../../json.ts'

/** A channel of a document, and where the gateway has it: once per mount. */
export interface SourceChannel {
  readonly key: string
  readonly body: JsonObject
  /** One per place; none for a channel that is not routed. */
  readonly places: readonly RoutedOperation[]
}

/** An operation of a document. */
export interface SourceOperation {
  readonly id: string
  readonly body: JsonObject
  /** The channel it works on. */
  readonly channel: JsonObject | undefined
  /** Channels of its reply. */
  readonly replies: JsonObject | undefined
}

/** What a version 3 document has. */
export interface Source {
  readonly channels: readonly SourceChannel[]
  readonly operations: readonly SourceOperation[]
}

/** Reads a version 3 document beside the routes that were made from it. */
export function sourceOf(document: JsonObject, service: FederatedService): Source {
  const routed = new Map<string, Map<string, RoutedOperation>>()
  for (const operation of service.operations()) {
    const places = routed.get(operation.path) ?? new Map<string, RoutedOperation>()
    routed.set(operation.path, places)
    // Several methods of one channel are one place.
    const place = `${operation.host ?? ''} ${operation.mounted}`
    if (!places.has(place)) places.set(place, operation)
  }
  const channels = entries(document, 'channels').map(([key, body]) => {
    const address = addressOf(key, body)
    const path = address === undefined ? undefined : address.startsWith('/') ? address : `/${address}`
    return { key, body, places: path === undefined ? [] : [...(routed.get(path)?.values() ?? [])] }
  })
  const operations = entries(document, 'operations').map(([id, body]) => ({
    id,
    body,
    channel: resolveItem(own(body, 'channel'), document),
    replies: resolveItem(own(resolveItem(own(body, 'reply'), document) ?? table(), 'channel'), document),
  }))
  return { channels, operations }
}

function entries(document: JsonObject, section: string): [string, JsonObject][] {
  return Object.entries(ownObject(document, section) ?? table()).flatMap(([name, item]): [string, JsonObject][] => {
    const body = name.startsWith('x-') ? undefined : resolveItem(item, document)
    return body === undefined ? [] : [[name, body]]
  })
}

/** A channel without an address gets one at run time, unless its key is one. */
function addressOf(key: string, channel: JsonObject): string | undefined {
  const address = ownText(channel, 'address')
  return address !== undefined && address !== '' ? address : key.startsWith('/') && own(channel, 'address') === undefined ? key : undefined
}

/** What the servers require under which a channel is available: version 3 asks for it beside what an operation requires. */
export function serverSecurity(channel: JsonObject, document: JsonObject): readonly unknown[] | undefined {
  const all = Object.values(ownObject(document, 'servers') ?? table())
  const named = ownList(channel, 'servers')
  for (const item of named.length > 0 ? named : all) {
    const security = own(resolveItem(item, document) ?? table(), 'security')
    if (Array.isArray(security)) return security as unknown[]
  }
  return undefined
}
