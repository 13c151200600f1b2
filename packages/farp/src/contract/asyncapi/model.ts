import { child, children, items, resolve } from '../schema/side.ts'
import { isObject, ownText } from '../../json.ts'
import type { JsonObject } from '../../json.ts'
import type { Node, Side } from '../schema/side.ts'

/** A message, by the name under which both documents know it. */
export interface MessageNode {
  readonly node: Node
  /** `undefined`: the document does not say. */
  readonly contentType: string | undefined
}

/** What goes over a channel: to the service (`request`), and to its clients (`response`). `undefined`: nothing goes that way. */
export interface ChannelNode {
  readonly address: string
  readonly node: Node
  readonly request: ReadonlyMap<string, MessageNode> | undefined
  readonly response: ReadonlyMap<string, MessageNode> | undefined
  /** Where the operations stand: for what they say beside their messages. */
  readonly operations: readonly Node[]
}

/** The channels of an AsyncAPI document of version 2 or 3, by their address: parameter names make no difference. */
export function channelsOf(side: Side): ReadonlyMap<string, ChannelNode> {
  const list = (ownText(side.document, 'asyncapi') ?? '').startsWith('2.') ? channelsOf2(side) : channelsOf3(side)
  return new Map(list.map((channel) => [channel.address.replace(/^\//, '').replaceAll(/\{[^{}]*\}/g, '{}'), channel]))
}

function root(side: Side, name: string): ReadonlyMap<string, Node> {
  return children(child({ value: side.document, at: '' }, name))
}

/** Version 2: `publish` is what clients may send, `subscribe` what they get. */
function channelsOf2(side: Side): ChannelNode[] {
  return [...root(side, 'channels')].flatMap(([address, entry]) => {
    const node = resolve(entry, side)
    if (node === undefined) return []
    const [publish, subscribe] = ['publish', 'subscribe'].map((word) => child(node, word))
    const operations = [publish, subscribe].filter((operation) => operation !== undefined)
    return [{ address, node, request: messagesOf2(publish, side), response: messagesOf2(subscribe, side), operations }]
  })
}

function messagesOf2(operation: Node | undefined, side: Side): ReadonlyMap<string, MessageNode> | undefined {
  if (operation === undefined) return undefined
  const message = child(operation, 'message')
  const several = message === undefined ? undefined : child(message, 'oneOf')
  const nodes = several === undefined ? (message === undefined ? [] : [message]) : items(several)
  return named(
    nodes.map((node, index) => [nodes.length === 1 ? 'message' : String(index), node]),
    side,
  )
}

/** Version 3: operations `receive` and `send` messages of a channel. Without a list they take all of them. */
function channelsOf3(side: Side): ChannelNode[] {
  const found = new Map<
    string,
    { node: Node; address: string; ways: { request?: Map<string, Node>; response?: Map<string, Node> }; operations: Node[] }
  >()
  for (const [name, entry] of root(side, 'channels')) {
    const node = resolve(entry, side)
    if (node === undefined || !isObject(node.value)) continue
    found.set(node.at, { node, address: ownText(node.value, 'address') ?? name, ways: {}, operations: [] })
  }
  const add = (operation: Node, way: 'request' | 'response'): void => {
    const channel = found.get(resolve(child(operation, 'channel'), side)?.at ?? '')
    if (channel === undefined) return
    channel.operations.push(operation)
    const all = children(child(channel.node, 'messages'))
    const refs = items(child(operation, 'messages')).map((entry) => entry.value)
    const chosen = new Set(refs.filter(isObject).map((value) => ownText(value, '$ref') ?? ''))
    const into = (channel.ways[way] ??= new Map<string, Node>())
    for (const [name, message] of all) {
      if (chosen.size === 0 || chosen.has(`#${message.at}`) || chosen.has(refOf(message) ?? '')) into.set(name, message)
    }
  }
  for (const entry of root(side, 'operations').values()) {
    const operation = resolve(entry, side)
    if (operation === undefined || !isObject(operation.value)) continue
    const isReceived = ownText(operation.value, 'action') === 'receive'
    add(operation, isReceived ? 'request' : 'response')
    const reply = resolve(child(operation, 'reply'), side)
    if (reply === undefined) continue
    const place =
      child(reply, 'channel') === undefined ? { ...(reply.value as JsonObject), channel: operation.value['channel'] } : reply.value
    add({ value: place, at: reply.at }, isReceived ? 'response' : 'request')
  }
  return [...found.values()].map(({ node, address, ways, operations }) => ({
    address,
    node,
    request: ways.request === undefined ? undefined : named([...ways.request], side),
    response: ways.response === undefined ? undefined : named([...ways.response], side),
    operations,
  }))
}

function refOf({ value }: Node): string | undefined {
  return isObject(value) ? ownText(value, '$ref') : undefined
}

/** By the message's own name, the end of its reference, or what the document calls it. */
function named(entries: readonly (readonly [string, Node])[], side: Side): ReadonlyMap<string, MessageNode> {
  const messages = new Map<string, MessageNode>()
  for (const [key, entry] of entries) {
    const node = resolve(entry, side) ?? entry
    const value = isObject(node.value) ? node.value : {}
    const name = ownText(value, 'name') ?? ownText(value, 'messageId') ?? refOf(entry)?.split('/').at(-1) ?? key
    messages.set(name, { node, contentType: ownText(value, 'contentType') ?? ownText(side.document, 'defaultContentType') })
  }
  return messages
}
