import { channelsOf } from './model.ts'
import { child, children, sideOf } from '../schema/side.ts'
import { clean } from '../../text.ts'
import { compareMessages } from './messages.ts'
import { compareMaybe } from '../schema/compare.ts'
import { isObject, ownObject, ownText, table } from '../../json.ts'
import { isSame } from '../schema/same.ts'
import type { ChannelNode } from './model.ts'
import type { Context } from '../schema/context.ts'
import type { JsonObject } from '../../json.ts'
import type { Rules } from '../rules.ts'
import type { Side } from '../schema/side.ts'

/** Compares two AsyncAPI documents, of version 2 or 3, also of different ones. */
export function* compareAsyncApi(previous: JsonObject, next: JsonObject, { ledger, parts, compare, ignores }: Rules): Generator<void> {
  const dialect = { isOld: false, hasRefSiblings: false }
  const context: Context = { previous: sideOf(previous, dialect), next: sideOf(next, dialect), ledger, parts, compare }
  const before = channelsOf(context.previous)
  const after = channelsOf(context.next)
  for (const [key, channel] of before) {
    if (ignores(channel.address)) continue
    ledger.operation(channel.address, () => compareChannel(channel, after.get(key), context))
    yield
  }
  for (const [key, channel] of after) {
    if (before.has(key) || ignores(channel.address)) continue
    const description = `the channel ${clean(channel.address, 200)} is new`
    ledger.operation(channel.address, () =>
      ledger.add({ type: 'endpoint_added', effect: 'safe', severity: 'low', path: channel.node.at, description }),
    )
  }
  compareServers(context)
}

function compareChannel(before: ChannelNode, after: ChannelNode | undefined, context: Context): void {
  const { ledger } = context
  const name = clean(before.address, 200)
  if (after === undefined) {
    const description = `the channel ${name} is gone`
    ledger.add({ type: 'endpoint_removed', effect: 'breaking', severity: 'critical', path: before.node.at, description })
    return
  }
  for (const direction of ['request', 'response'] as const) {
    const [old, now] = [before[direction], after[direction]]
    const word = direction === 'request' ? 'received' : 'sent'
    if (old !== undefined && now === undefined) {
      const description = `nothing is ${word} on the channel ${name} any more`
      ledger.add({ type: 'method_removed', effect: 'breaking', severity: 'critical', path: after.node.at, description, direction })
    } else if (old === undefined && now !== undefined) {
      const description = `messages are ${word} on the channel ${name} now`
      ledger.add({ type: 'method_added', effect: 'safe', severity: 'low', path: after.node.at, description, direction })
    } else if (old !== undefined && now !== undefined) compareMessages(old, now, { at: after.node.at, direction }, context)
  }
  compareSurroundings(before, after, context)
}

/** Parameters of the address, the handshake of a WebSocket, and what can only be compared for being equal. */
function compareSurroundings(before: ChannelNode, after: ChannelNode, context: Context): void {
  const flow = { direction: 'request', isText: true } as const
  const [old, now] = [parametersOf(before), parametersOf(after)]
  for (const [index, parameter] of old.entries()) compareMaybe(parameter, now[index], flow, context)
  const socket = ({ node }: ChannelNode, name: string) => child(child(child(node, 'bindings') ?? node, 'ws') ?? node, name)
  for (const name of ['query', 'headers']) compareMaybe(socket(before, name), socket(after, name), flow, context)
  const rest = (channel: ChannelNode, side: Side): unknown => [
    table(Object.entries(memberOf(channel, 'bindings')).filter(([name]) => name !== 'ws')),
    channel.operations.map(({ value }) => (isObject(value) ? [value['bindings'], value['security']] : null)),
    ownText(side.document, 'asyncapi')?.slice(0, 1),
  ]
  if (isSame(rest(before, context.previous), rest(after, context.next), context)) return
  const description = 'bindings or security changed, and what that means cannot be told'
  context.ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: after.node.at, description })
}

function memberOf({ node }: ChannelNode, name: string): JsonObject {
  return isObject(node.value) ? (ownObject(node.value, name) ?? {}) : {}
}

/** In the order of the address. Version 2 has a schema each, version 3 writes its words right there. */
function parametersOf({ address, node }: ChannelNode) {
  const all = children(child(node, 'parameters'))
  return [...address.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => {
    const parameter = all.get(name!)
    return parameter === undefined ? undefined : (child(parameter, 'schema') ?? parameter)
  })
}

function compareServers({ ledger, previous, next }: Context): void {
  const protocols = ({ document }: Side): Set<string> =>
    new Set(
      Object.values(ownObject(document, 'servers') ?? {}).flatMap((server) =>
        isObject(server) ? (ownText(server, 'protocol') ?? []) : [],
      ),
    )
  const now = protocols(next)
  for (const protocol of protocols(previous)) {
    if (now.has(protocol)) continue
    const description = `no server speaks ${clean(protocol, 40)} any more`
    ledger.add({ type: 'endpoint_changed', effect: 'breaking', severity: 'high', path: '/servers', description })
  }
}
