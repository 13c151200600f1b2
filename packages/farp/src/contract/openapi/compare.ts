import { clean } from '../../text.ts'
import { compareOperation } from './operation.ts'
import { openApi3 } from '../../adapters/openapi.ts'
import { isDeprecated, openApiSide, pathsOf } from './side.ts'
import { isSame } from '../schema/same.ts'
import type { Context } from '../schema/context.ts'
import type { JsonObject } from '../../json.ts'
import type { Ledger } from '../ledger.ts'
import type { OperationNode, PathNode } from './side.ts'
import type { Rules } from '../rules.ts'

/** Compares two OpenAPI documents; Swagger 2.0 is converted. A pause after each path lets others run. */
export function* compareOpenApi(old: JsonObject, now: JsonObject, { ledger, parts, compare, ignores }: Rules): Generator<void> {
  const [previous, next] = [openApi3(old), openApi3(now)]
  const context: Context = { previous: openApiSide(previous), next: openApiSide(next), ledger, parts, compare }
  const root = (document: JsonObject, name: string) =>
    Object.hasOwn(document, name) ? { value: document[name], at: `/${name}` } : undefined
  const before = pathsOf(root(previous, 'paths'), context.previous)
  const after = pathsOf(root(next, 'paths'), context.next)
  for (const [key, path] of before) {
    if (ignores(path.path)) continue
    comparePath(path, after.get(key), context)
    yield
  }
  for (const [key, path] of after) if (!before.has(key) && !ignores(path.path)) noteAdded(path, ledger)
  const hooks = pathsOf(root(next, 'webhooks'), context.next)
  for (const [key, hook] of pathsOf(root(previous, 'webhooks'), context.previous)) {
    compareHook(hook, hooks.get(key), context)
    yield
  }
}

function comparePath(before: PathNode, after: PathNode | undefined, context: Context): void {
  const { ledger } = context
  if (after === undefined) {
    for (const operation of before.operations.values()) ledger.operation(operation.label, () => noteRemoved(operation, before.at, context))
    return
  }
  if (before.isLost || after.isLost) {
    if (before.isLost === after.isLost && isSame(before.value, after.value, context)) return
    const description = `what the path ${clean(before.path, 200)} refers to is not in the document`
    ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: after.at, description })
    return
  }
  for (const [method, operation] of before.operations) {
    const follower = after.operations.get(method)
    ledger.operation(operation.label, () => {
      if (follower === undefined) noteGone(operation, context)
      else compareOperation(operation, follower, 'inward', context)
    })
  }
  for (const [method, operation] of after.operations) if (!before.operations.has(method)) noteNew(operation, 'method_added', ledger)
}

/** An outcome of its own: the whole path is gone. */
function noteRemoved(operation: OperationNode, at: string, { ledger }: Context): void {
  const was = isDeprecated(operation.node) ? 'the deprecated path' : 'the path'
  const severity = isDeprecated(operation.node) ? 'high' : 'critical'
  const description = `${was} ${clean(operation.path, 200)} is gone`
  ledger.add({ type: 'endpoint_removed', effect: 'breaking', severity, path: at, description })
}

function noteGone(operation: OperationNode, { ledger }: Context): void {
  const was = isDeprecated(operation.node) ? 'the deprecated method' : 'the method'
  const severity = isDeprecated(operation.node) ? 'high' : 'critical'
  const description = `${was} ${operation.method} of ${clean(operation.path, 200)} is gone`
  ledger.add({ type: 'method_removed', effect: 'breaking', severity, path: operation.node.at, description })
}

function noteAdded(path: PathNode, ledger: Ledger): void {
  for (const operation of path.operations.values()) noteNew(operation, 'endpoint_added', ledger)
}

function noteNew(operation: OperationNode, type: 'endpoint_added' | 'method_added', ledger: Ledger): void {
  ledger.operation(operation.label, () =>
    ledger.add({ type, effect: 'safe', severity: 'low', path: operation.node.at, description: `${clean(operation.label, 200)} is new` }),
  )
}

/** Requests that the service sends: what goes in and what comes out change places. */
function compareHook(before: PathNode, after: PathNode | undefined, context: Context): void {
  for (const [method, operation] of before.operations) {
    const follower = after?.operations.get(method)
    const hook = { ...operation, label: `webhook ${operation.label}` }
    context.ledger.operation(hook.label, () => {
      if (follower === undefined) {
        const description = `the webhook ${clean(operation.path, 200)} is not sent any more`
        context.ledger.add({ type: 'endpoint_removed', effect: 'breaking', severity: 'high', path: operation.node.at, description })
      } else compareOperation(hook, follower, 'outward', context)
    })
  }
}
