import { child, children, resolve } from '../schema/side.ts'
import { compareBody } from './body.ts'
import { compareParameters } from './parameters.ts'
import { compareResponses } from './responses.ts'
import { compareSecurity } from './security.ts'
import { isDeprecated, pathsOf } from './side.ts'
import { own } from '../../json.ts'
import type { Context } from '../schema/context.ts'
import type { JsonObject } from '../../json.ts'
import type { OperationNode } from './side.ts'

/** Who calls: clients the service (`inward`), or the service its clients (`outward`: callbacks and webhooks). */
export type Way = 'inward' | 'outward'

/** Compares one operation with what it became. */
export function compareOperation(before: OperationNode, after: OperationNode, way: Way, context: Context): void {
  const { ledger } = context
  const asked = way === 'inward' ? 'request' : 'response'
  const answered = way === 'inward' ? 'response' : 'request'
  compareParameters(before, after, asked, context)
  compareBody(child(before.node, 'requestBody'), child(after.node, 'requestBody'), { at: after.node.at, direction: asked }, context)
  compareResponses(child(before.node, 'responses'), child(after.node, 'responses'), { at: after.node.at, direction: answered }, context)
  if (way === 'inward') {
    compareSecurity(before, after, context)
    compareCallbacks(before, after, context)
  }
  if (!isDeprecated(before.node) && isDeprecated(after.node)) {
    ledger.add({ type: 'deprecated', effect: 'safe', severity: 'low', path: after.node.at, description: 'the operation is deprecated now' })
  }
  const [old, now] = [own(before.node.value as JsonObject, 'operationId'), own(after.node.value as JsonObject, 'operationId')]
  if (typeof old === 'string' && old !== now) {
    const description = `the operation id changed from ${old} to ${typeof now === 'string' ? now : 'none'}: generated clients get other names`
    ledger.add({ type: 'endpoint_changed', effect: 'safe', severity: 'low', path: after.node.at, description })
  }
}

function compareCallbacks(before: OperationNode, after: OperationNode, context: Context): void {
  const followers = children(child(after.node, 'callbacks'))
  for (const [name, node] of children(child(before.node, 'callbacks'))) {
    const [old, now] = [resolve(node, context.previous), resolve(followers.get(name), context.next)]
    if (now === undefined) {
      const description = `the callback ${name} is gone`
      context.ledger.add({ type: 'endpoint_removed', effect: 'breaking', severity: 'high', path: node.at, description })
      continue
    }
    const items = pathsOf(now, context.next)
    for (const [key, item] of pathsOf(old, context.previous)) {
      for (const [method, operation] of item.operations) {
        const follower = items.get(key)?.operations.get(method)
        if (follower !== undefined) compareOperation(operation, follower, 'outward', context)
        else {
          const description = `the callback ${name} does not call ${operation.label} any more`
          context.ledger.add({ type: 'endpoint_removed', effect: 'breaking', severity: 'high', path: operation.node.at, description })
        }
      }
    }
  }
}
