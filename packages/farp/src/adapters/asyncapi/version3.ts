import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { pointerTokens, resolveItem } from '../pointers.ts'
import { prefixOfPathname, protocolOf } from './servers.ts'
import type { Channel, ChannelOperation, Server } from './channel.ts'
import type { JsonObject } from '../../json.ts'
import type { Multiplied } from '../multiplied.ts'

/** The channels of a document of version 3, each with the operations that refer to it. Throws `SchemaError` when it multiplies beyond the limits. */
export function channelsOf3(document: JsonObject, size: Multiplied): Channel[] {
  const servers = new Map<JsonObject, Server>()
  for (const item of Object.values(ownObject(document, 'servers') ?? table())) {
    const server = resolveItem(item, document)
    if (server !== undefined) servers.set(server, serverOf(server, document))
  }
  const all = [...servers.values()]
  const operations = operationsByChannel(document, size)
  return Object.entries(ownObject(document, 'channels') ?? table())
    .filter(([key]) => !key.startsWith('x-'))
    .map(([key, item]) => {
      const body = resolveItem(item, document) ?? table()
      size.take(body)
      size.take(all)
      for (const operation of operations.get(body) ?? []) size.take(operation.body)
      const address = ownText(body, 'address')
      const named = ownList(body, 'servers').flatMap((entry) => servers.get(resolveItem(entry, document) ?? table()) ?? [])
      return {
        key,
        // A channel without an address gets it at run time, unless its name is one.
        address: address !== undefined && address !== '' ? address : key.startsWith('/') ? key : undefined,
        body,
        servers: named.length > 0 ? named : all,
        operations: operations.get(body) ?? [],
      }
    })
}

function serverOf(server: JsonObject, document: JsonObject): Server {
  return { protocol: protocolOf(server), ...prefixOfPathname(server), security: requirementsOf(server, document) }
}

function operationsByChannel(document: JsonObject, size: Multiplied): ReadonlyMap<JsonObject, readonly ChannelOperation[]> {
  const found = new Map<JsonObject, ChannelOperation[]>()
  for (const [id, item] of Object.entries(ownObject(document, 'operations') ?? table())) {
    const body = resolveItem(item, document)
    const channel = body === undefined ? undefined : resolveItem(own(body, 'channel'), document)
    if (body === undefined || channel === undefined || id.startsWith('x-')) continue
    size.take(body)
    const list = found.get(channel) ?? []
    found.set(channel, list)
    list.push({ id, action: ownText(body, 'action') ?? '', body, security: requirementsOf(body, document) })
  }
  return found
}

/**
 * The `security` of version 3, a list of schemes or references to them, in the form of OpenAPI: alternatives by name. A scheme that stands
 * there itself has no name and stays as it is.
 */
function requirementsOf(owner: JsonObject, document: JsonObject): readonly unknown[] | undefined {
  const security = own(owner, 'security')
  if (!Array.isArray(security)) return undefined
  return security.map((item: unknown) => {
    const ref = isObject(item) ? ownText(item, '$ref') : undefined
    if (ref === undefined) return item
    const scheme = resolveItem(item, document)
    const scopes = scheme === undefined ? [] : ownList(scheme, 'scopes')
    return table([[pointerTokens(ref).at(-1) ?? ref, scopes]])
  })
}
