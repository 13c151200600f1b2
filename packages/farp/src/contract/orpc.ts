import { child, children, items, sideOf } from './schema/side.ts'
import { clean } from '../text.ts'
import { compareMaybe } from './schema/compare.ts'
import { isObject, own, ownObject, ownText, table } from '../json.ts'
import type { Context } from './schema/context.ts'
import type { JsonObject } from '../json.ts'
import type { Node } from './schema/side.ts'
import type { Rules } from './rules.ts'

/** Compares two oRPC documents: procedures, what goes in and out of them, and where they are called. */
export function* compareOrpc(previous: JsonObject, next: JsonObject, { ledger, parts, compare }: Rules): Generator<void> {
  const dialect = { isOld: false, hasRefSiblings: true }
  const context: Context = { previous: sideOf(previous, dialect), next: sideOf(next, dialect), ledger, parts, compare }
  const procedures = (document: JsonObject): ReadonlyMap<string, Node> => children(child({ value: document, at: '' }, 'procedures'))
  const [before, after] = [procedures(previous), procedures(next)]
  for (const [name, procedure] of before) {
    ledger.operation(name, () => compareProcedure(name, { procedure, follower: after.get(name) }, context))
    yield
  }
  for (const [name, { at }] of after) {
    if (before.has(name)) continue
    const description = `the procedure ${clean(name, 200)} is new`
    ledger.operation(name, () => ledger.add({ type: 'endpoint_added', effect: 'safe', severity: 'low', path: at, description }))
  }
  const [old, now] = [previous, next].map((document) => transportOf(document))
  if (old !== now) {
    const description = `procedures are called at ${clean(now!, 100)}; they were called at ${clean(old!, 100)}`
    ledger.add({ type: 'endpoint_changed', effect: 'breaking', severity: 'critical', path: '/transport', description })
  }
}

function transportOf(document: JsonObject): string {
  const transport = ownObject(document, 'transport') ?? table()
  return ['endpoint', 'encoding'].map((name) => ownText(transport, name) ?? (name === 'endpoint' ? '/rpc' : 'json')).join(' as ')
}

function compareProcedure(
  name: string,
  { procedure, follower }: { readonly procedure: Node; readonly follower: Node | undefined },
  context: Context,
): void {
  const { ledger } = context
  if (follower === undefined) {
    const description = `the procedure ${clean(name, 200)} is gone`
    ledger.add({ type: 'method_removed', effect: 'breaking', severity: 'critical', path: procedure.at, description })
    return
  }
  const path = follower.at
  for (const member of ['streaming', 'batch']) {
    const [before, after] = [flag(procedure, member), flag(follower, member)]
    if (before === after) continue
    const effect = member === 'batch' && after ? 'safe' : 'breaking'
    const description = `${member} is ${after ? 'on' : 'off'} now`
    ledger.add({ type: 'endpoint_changed', effect, severity: effect === 'safe' ? 'low' : 'critical', path, description })
  }
  if (!flag(procedure, 'deprecated') && flag(follower, 'deprecated')) {
    ledger.add({ type: 'deprecated', effect: 'safe', severity: 'low', path, description: 'the procedure is deprecated now' })
  }
  compareMaybe(child(procedure, 'input'), child(follower, 'input'), { direction: 'request', isText: false }, context)
  compareMaybe(child(procedure, 'output'), child(follower, 'output'), { direction: 'response', isText: false }, context)
  // Errors are met by name or by position: a new one is no surprise to clients that handle errors at all.
  const [old, now] = [child(procedure, 'errors'), child(follower, 'errors')]
  const names = (node: Node | undefined): ReadonlyMap<string, Node> =>
    new Map([
      ...children(Array.isArray(node?.value) ? undefined : node),
      ...items(node).map((item, index) => [String(index), item] as const),
    ])
  for (const [error, node] of names(old)) {
    const other = names(now).get(error)
    if (other !== undefined) compareMaybe(node, other, { direction: 'response', isText: false }, context)
  }
}

function flag({ value }: Node, name: string): boolean {
  return isObject(value) && own(value, name) === true
}
