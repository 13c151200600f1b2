import { child } from '../schema/side.ts'
import { clean } from '../../text.ts'
import { compareMaybe } from '../schema/compare.ts'
import { isObject, ownText } from '../../json.ts'
import { isSame } from '../schema/same.ts'
import { LOOSER, note, OTHER, UNCLEAR } from '../schema/context.ts'
import type { Context, Flow } from '../schema/context.ts'
import type { MessageNode } from './model.ts'
import type { Node } from '../schema/side.ts'
import type { Direction } from '../change.ts'

type Messages = ReadonlyMap<string, MessageNode>

/** Compares the messages that go one way over a channel. */
export function compareMessages(
  old: Messages,
  now: Messages,
  where: { readonly at: string; readonly direction: Direction },
  context: Context,
): void {
  const flow: Flow = { direction: where.direction, isText: false }
  const left = [...old].filter(([name]) => !now.has(name))
  const come = [...now].filter(([name]) => !old.has(name))
  // A channel with one message before and after: it is the same one, whatever it is called.
  const isRenamed = old.size === 1 && now.size === 1 && left.length === 1
  if (isRenamed) compareMessage(left[0]![1], come[0]![1], flow, context)
  for (const [name, message] of old) if (now.has(name)) compareMessage(message, now.get(name)!, flow, context)
  if (isRenamed) return
  const word = where.direction === 'request' ? 'accepted' : 'sent'
  for (const [name, { node }] of left) {
    const description = `the message ${clean(name, 100)} is not ${word} any more`
    note(context, flow, { type: 'variant_removed', path: node.at, description, severity: 'high', ...OTHER })
  }
  for (const [name, { node }] of come) {
    const description = `the message ${clean(name, 100)} is new`
    note(context, flow, { type: 'variant_added', path: node.at, description, severity: 'medium', ...LOOSER })
  }
}

function compareMessage(before: MessageNode, after: MessageNode, flow: Flow, context: Context): void {
  const key = `${flow.direction} message ${before.node.at} ${after.node.at}`
  context.ledger.once(key, () => {
    const path = after.node.at
    if (before.contentType !== undefined && before.contentType !== after.contentType) {
      const description = `the content type changed from ${before.contentType} to ${after.contentType ?? 'none'}`
      note(context, flow, { type: 'endpoint_changed', path, description, severity: 'high', ...OTHER })
    }
    comparePayload(before.node, after.node, flow, context)
    compareMaybe(child(before.node, 'headers'), child(after.node, 'headers'), flow, context)
    for (const word of ['traits', 'correlationId', 'bindings']) {
      if (isSame(child(before.node, word)?.value, child(after.node, word)?.value, context)) continue
      const description = `${word} changed, and what that means cannot be told`
      note(context, flow, { type: 'not_judged', path, description, severity: 'medium', ...UNCLEAR })
    }
  })
}

interface Payload {
  readonly format: string
  readonly schema: Node | undefined
}

/** Schemas of other languages than JSON Schema (Avro, protobuf, RAML) are only compared for being equal. */
function comparePayload(before: Node, after: Node, flow: Flow, context: Context): void {
  const [old, now] = [payloadOf(before), payloadOf(after)]
  if (isJsonSchema(old.format) && isJsonSchema(now.format)) {
    compareMaybe(old.schema, now.schema, flow, context)
    return
  }
  if (old.format === now.format && isSame(old.schema?.value, now.schema?.value, context)) return
  const description = `the payload, written as ${clean(now.format || old.format, 100)}, changed, and what that means cannot be told`
  note(context, flow, { type: 'not_judged', path: after.at, description, severity: 'medium', ...UNCLEAR })
}

/** Version 2 names the language beside the payload, version 3 inside. */
function payloadOf(message: Node): Payload {
  const payload = child(message, 'payload')
  const beside = isObject(message.value) ? (ownText(message.value, 'schemaFormat') ?? '') : ''
  if (payload === undefined || !isObject(payload.value) || !Object.hasOwn(payload.value, 'schemaFormat'))
    return { format: beside, schema: payload }
  return { format: ownText(payload.value, 'schemaFormat') ?? '', schema: child(payload, 'schema') }
}

function isJsonSchema(format: string): boolean {
  return format === '' || /^application\/(?:schema|vnd\.aai\.asyncapi)(?:\+|;|$)/.test(format)
}
