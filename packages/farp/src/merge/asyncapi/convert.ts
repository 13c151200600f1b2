import { isObject, ownList, ownObject, ownText, table } from '../../json.ts'
import { convertChannels } from './convert-channels.ts'
import { convertScheme, convertSecurity, each } from './convert-security.ts'
import { convertMessage, convertParameter, convertTrait } from './convert-parts.ts'
import type { JsonObject } from '../../json.ts'

/**
 * An AsyncAPI 2 document as version 3 writes it. Keys of channels stay; what clients publish the application receives, what they subscribe to it
 * sends. What version 3 cannot say is kept as `x-*`. Other documents come back as they are.
 */
export function toVersion3(document: JsonObject): JsonObject {
  if (ownText(document, 'asyncapi')?.startsWith('2.') !== true) return document
  const info = table(Object.entries(ownObject(document, 'info') ?? table()))
  for (const name of ['tags', 'externalDocs']) if (Object.hasOwn(document, name)) info[name] = document[name]
  const { channels, operations } = convertChannels(document)
  const moved = new Set(['asyncapi', 'info', 'tags', 'externalDocs', 'servers', 'channels', 'components'])
  return table<unknown>([
    ['asyncapi', '3.0.0'],
    ['info', info],
    ...(Object.hasOwn(document, 'servers')
      ? [['servers', each(ownObject(document, 'servers'), (server) => convertServer(server, document))] as const]
      : []),
    ['channels', channels],
    ['operations', operations],
    ['components', convertComponents(document)],
    ...Object.entries(document).filter(([name]) => !moved.has(name)),
  ])
}

function convertComponents(document: JsonObject): JsonObject {
  const components = ownObject(document, 'components') ?? table()
  return table(
    Object.entries(components).flatMap(([section, items]): [string, unknown][] => {
      if (!isObject(items)) return []
      switch (section) {
        case 'messages':
          return [[section, each(items, convertMessage)]]
        case 'messageTraits':
        case 'operationTraits':
          return [[section, each(items, (item) => convertTrait(item, section === 'operationTraits' ? document : undefined))]]
        case 'parameters':
          return [[section, each(items, (item) => convertParameter(item, document))]]
        case 'securitySchemes':
          return [[section, each(items, convertScheme)]]
        case 'servers':
          return [[section, each(items, (item) => convertServer(item, document))]]
        // Channels of version 2 hold operations, which version 3 keeps elsewhere: only the root's are converted.
        case 'channels':
          return []
        default:
          return [[section, items]]
      }
    }),
  )
}

function convertServer(server: JsonObject, document: JsonObject): JsonObject {
  if (Object.hasOwn(server, '$ref')) return server
  const url = ownText(server, 'url') ?? ''
  const [, host = '', path = ''] = /^(?:[a-z][a-z0-9+.{}-]*:)?(?:\/\/)?([^/]*)(\/.*)?$/i.exec(url) ?? []
  const copy = table(Object.entries(server).filter(([name]) => name !== 'url' && name !== 'security'))
  copy['host'] = host === '' ? 'localhost' : host
  if (path !== '') copy['pathname'] = path
  if (Object.hasOwn(server, 'security')) copy['security'] = convertSecurity(ownList(server, 'security'), document)
  return copy
}
