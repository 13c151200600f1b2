import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { pointerTokens, resolveItem } from '../../adapters/pointers.ts'
import { pointerToken } from '../names.ts'
import { convertMessage, convertParameter, convertTrait } from './convert-parts.ts'
import { convertSecurity } from './convert-security.ts'
import type { JsonObject } from '../../json.ts'

/** The channels and operations of a version 2 document as version 3 has them. */
export function convertChannels(document: JsonObject): { readonly channels: JsonObject; readonly operations: JsonObject } {
  const channels = table<unknown>()
  const operations = table<unknown>()
  const tried = new Map<string, number>()
  for (const [name, item] of Object.entries(ownObject(document, 'channels') ?? table())) {
    const channel = name.startsWith('x-') ? undefined : resolveItem(item, document)
    if (channel === undefined) continue
    const messages = table<unknown>()
    for (const kind of ['publish', 'subscribe'] as const) {
      const operation = ownObject(channel, kind)
      if (operation === undefined) continue
      const refs = addMessages(operation, { kind, messages }).map((id) => ({
        $ref: `#/channels/${pointerToken(name)}/messages/${pointerToken(id)}`,
      }))
      const wanted = ownText(operation, 'operationId') ?? `${name}.${kind}`
      operations[freeName(wanted, operations, tried)] = convertOperation(operation, { name, kind, refs, document })
    }
    channels[name] = convertChannel(channel, { name, messages, document })
  }
  return { channels, operations }
}

interface ChannelParts {
  readonly name: string
  readonly messages: JsonObject
  readonly document: JsonObject
}

function convertChannel(channel: JsonObject, { name, messages, document }: ChannelParts): JsonObject {
  const copy = table<unknown>([['address', name]])
  for (const [member, value] of Object.entries(channel))
    if (!['publish', 'subscribe', 'servers', 'parameters', '$ref'].includes(member)) copy[member] = value
  if (Object.keys(messages).length > 0) copy['messages'] = messages
  const parameters = ownObject(channel, 'parameters')
  if (parameters !== undefined) {
    copy['parameters'] = table(
      Object.entries(parameters).map(([key, item]) => [key, isObject(item) ? convertParameter(item, document) : item]),
    )
  }
  const servers = ownList(channel, 'servers').filter((server) => typeof server === 'string')
  if (servers.length > 0) copy['servers'] = servers.map((server) => ({ $ref: `#/servers/${pointerToken(server)}` }))
  return copy
}

interface OperationParts {
  readonly name: string
  readonly kind: 'publish' | 'subscribe'
  readonly refs: readonly JsonObject[]
  readonly document: JsonObject
}

function convertOperation(operation: JsonObject, { name, kind, refs, document }: OperationParts): JsonObject {
  const copy = table<unknown>([
    // Version 2 looks from the client, version 3 from the application.
    ['action', kind === 'publish' ? 'receive' : 'send'],
    ['channel', { $ref: `#/channels/${pointerToken(name)}` }],
  ])
  for (const [member, value] of Object.entries(operation))
    if (!['operationId', 'message', 'security', 'traits'].includes(member)) copy[member] = value
  if (Object.hasOwn(operation, 'security')) copy['security'] = convertSecurity(ownList(operation, 'security'), document)
  if (Object.hasOwn(operation, 'traits'))
    copy['traits'] = ownList(operation, 'traits').map((trait) => (isObject(trait) ? convertTrait(trait, document) : trait))
  if (refs.length > 0) copy['messages'] = refs
  return copy
}

/** Puts an operation's messages among those of its channel; returns their names there. */
function addMessages(
  operation: JsonObject,
  { kind, messages }: { readonly kind: string; readonly messages: Record<string, unknown> },
): string[] {
  const written = own(operation, 'message')
  if (!isObject(written)) return []
  const list = Object.hasOwn(written, 'oneOf') ? ownList(written, 'oneOf').filter(isObject) : [written]
  const tried = new Map<string, number>()
  return list.map((message, index) => {
    const ref = ownText(message, '$ref')
    const wanted =
      ownText(message, 'messageId') ??
      ownText(message, 'name') ??
      (ref === undefined ? undefined : pointerTokens(ref).at(-1)) ??
      (list.length === 1 ? `${kind}.message` : `${kind}.message.${index}`)
    const converted = convertMessage(message)
    const isKnown = Object.hasOwn(messages, wanted) && JSON.stringify(messages[wanted]) === JSON.stringify(converted)
    const id = isKnown ? wanted : freeName(wanted, messages, tried)
    messages[id] = converted
    return id
  })
}

/** `tried` remembers how far it came: thousands may want one name. */
function freeName(wanted: string, taken: JsonObject, tried: Map<string, number>): string {
  if (!Object.hasOwn(taken, wanted)) return wanted
  let count = tried.get(wanted) ?? 2
  while (Object.hasOwn(taken, `${wanted}_${count}`)) count++
  tried.set(wanted, count + 1)
  return `${wanted}_${count}`
}
