import { checkSchemaValue, parseSchema, SchemaError } from '../../schemas/parse.ts'
import { finding } from '../../findings.ts'
import { own, ownText, table } from '../../json.ts'
import { clean } from '../../text.ts'
import { channelsOf2 } from './version2.ts'
import { channelsOf3 } from './version3.ts'
import { capped, extensionsOf, label, skipped } from '../notes.ts'
import { isWeb } from './servers.ts'
import { kindOf, tagsOf } from './kind.ts'
import { multiplied } from '../multiplied.ts'
import { toPathPattern } from '../path-pattern.ts'
import type { AdapterContext, AdaptedSchema, SchemaAdapter, SchemaOperation } from '../adapter.ts'
import type { Channel } from './channel.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../../json.ts'
import type { Multiplied } from '../multiplied.ts'

/** AsyncAPI 2 and 3: channels that WebSocket, event streams or HTTP carry become operations; those of brokers are documents only. */
export const asyncApiAdapter: SchemaAdapter = { read: parseSchema, check: checkSchemaValue, adapt }

function adapt(document: JsonObject, { limits, metadata }: AdapterContext): AdaptedSchema {
  const channels = channelsOf(document, multiplied(limits))
  if (channels.length > limits.paths) throw new SchemaError(`it has ${channels.length} channels; the limit is ${limits.paths}`)
  const findings: Finding[] = []
  const operations = new Map<string, SchemaOperation>()
  for (const channel of channels) {
    const found = operationsOf(channel, metadata, findings)
    for (const operation of found) {
      const key = `${operation.method} ${operation.key}`
      if (!operations.has(key)) operations.set(key, operation)
    }
  }
  if (operations.size > limits.operations) throw new SchemaError(`it has ${operations.size} operations; the limit is ${limits.operations}`)
  return { operations: [...operations.values()], findings: capped(findings) }
}

function channelsOf(document: JsonObject, size: Multiplied): Channel[] {
  const version = ownText(document, 'asyncapi') ?? ''
  if (/^2\.\d+/.test(version)) return channelsOf2(document, size)
  if (/^3\.\d+/.test(version)) return channelsOf3(document, size)
  throw new SchemaError(version === '' ? 'it has no "asyncapi" member' : `AsyncAPI ${clean(version, 20)} is not supported; use 2.x or 3.x`)
}

function operationsOf(channel: Channel, metadata: JsonObject, findings: Finding[]): SchemaOperation[] {
  const { address, body, key, operations } = channel
  const kind = kindOf(channel, metadata)
  if ('problem' in kind) {
    findings.push(finding('CHANNEL_SKIPPED', `channel "${clean(key, 200)}" is not routed: ${kind.problem}`))
    return []
  }
  if (address === undefined) {
    findings.push(finding('CHANNEL_SKIPPED', `channel "${clean(key, 200)}" is not routed: it has no address`))
    return []
  }
  const path = address.startsWith('/') ? address : `/${address}`
  const pattern = toPathPattern(path)
  if ('problem' in pattern) {
    findings.push(skipped(path, pattern.problem))
    return []
  }
  const server = serverFor(channel, kind.protocol)
  if (server?.problem !== undefined) findings.push(finding('SERVER_IGNORED', server.problem))
  const owners = [...operations.map((operation) => operation.body), body]
  const summary = owners.map((owner) => label(owner, 'summary') ?? label(owner, 'title')).find((text) => text !== undefined)
  const tags = [...new Set([body, ...operations.map((operation) => operation.body)].flatMap(tagsOf).map((tag) => clean(tag, 200)))]
  return kind.methods.map((method) => ({
    path,
    ...pattern,
    method,
    serverPrefix: server?.prefix ?? '',
    operationId: operations.map(({ id }) => id).find((id) => id !== undefined),
    summary,
    tags,
    deprecated: owners.some((owner) => own(owner, 'deprecated') === true || own(owner, 'x-deprecated') === true),
    security: operations.map(({ security }) => security).find((list) => list !== undefined) ?? server?.security,
    extensions: table([body, ...operations.map((operation) => operation.body)].flatMap(extensionsOf)),
    protocol: kind.protocol,
    isFixed: false,
  }))
}

/** The server whose path counts: the first that speaks the channel's protocol, else the first that the gateway can carry. */
function serverFor({ servers }: Channel, protocol: string): Channel['servers'][number] | undefined {
  const start = protocol === 'websocket' ? 'ws' : 'http'
  return servers.find((server) => server.protocol.startsWith(start)) ?? servers.find((server) => isWeb(server.protocol))
}
