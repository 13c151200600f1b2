import { own, ownList, ownObject, ownText, table } from '../../json.ts'
import { prefixOfUrl, protocolOf } from './servers.ts'
import { resolveItem } from '../pointers.ts'
import type { Channel, ChannelOperation, Server } from './channel.ts'
import type { JsonObject } from '../../json.ts'
import type { Multiplied } from '../multiplied.ts'

/** The channels of a document of version 2: their names are their addresses. Throws `SchemaError` when it multiplies beyond the limits. */
export function channelsOf2(document: JsonObject, size: Multiplied): Channel[] {
  const servers = new Map(
    Object.entries(ownObject(document, 'servers') ?? table()).flatMap(([name, item]): [string, Server][] => {
      const server = resolveItem(item, document)
      return server === undefined ? [] : [[name, serverOf(server)]]
    }),
  )
  const all = [...servers.values()]
  return Object.entries(ownObject(document, 'channels') ?? table())
    .filter(([key]) => !key.startsWith('x-'))
    .map(([key, item]) => {
      const body = resolveItem(item, document) ?? table()
      size.take(body)
      size.take(all)
      const named = ownList(body, 'servers').flatMap((name) => (typeof name === 'string' ? (servers.get(name) ?? []) : []))
      return {
        key,
        address: key,
        body,
        servers: named.length > 0 ? named : all,
        operations: (['subscribe', 'publish'] as const).flatMap((action): ChannelOperation[] => {
          const operation = ownObject(body, action)
          return operation === undefined
            ? []
            : [{ action, body: operation, id: ownText(operation, 'operationId'), security: requirementsOf(operation) }]
        }),
      }
    })
}

function serverOf(server: JsonObject): Server {
  return { protocol: protocolOf(server), ...prefixOfUrl(server), security: requirementsOf(server) }
}

function requirementsOf(owner: JsonObject): readonly unknown[] | undefined {
  const security = own(owner, 'security')
  return Array.isArray(security) ? security : undefined
}
