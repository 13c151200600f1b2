import { clean } from '../../text.ts'
import { isObject, own, ownList, ownObject, ownText, table } from '../../json.ts'
import { isSame } from '../schema/same.ts'
import { step } from '../pointer.ts'
import type { Context } from '../schema/context.ts'
import type { JsonObject } from '../../json.ts'
import type { OperationNode } from './side.ts'
import type { Side } from '../schema/side.ts'

/** Schemes that are all needed, with their scopes. None: anybody may come. */
type Requirement = ReadonlyMap<string, ReadonlySet<string>>

/** Each is compared with each of the other document, for every operation. */
const MOST_WAYS = 100

/** Compares who may call: each way to come in has to stay open, with the same scheme and no more scopes. */
export function compareSecurity(before: OperationNode, after: OperationNode, context: Context): void {
  const { ledger, previous, next } = context
  const old = requirementsOf(before, previous)
  const now = requirementsOf(after, next)
  const path = step(after.node.at, 'security')
  if (Math.max(old.length, now.length) > MOST_WAYS) {
    const description = `there are more than ${MOST_WAYS} ways to come in, which are not compared`
    ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path, description, direction: 'request' })
    return
  }
  const closed = old.filter((requirement) => !now.some((other) => fits(requirement, other)))
  for (const requirement of closed) {
    const isOpen = requirement.size === 0
    const description = isOpen
      ? `anybody could call it; now it takes ${ways(now)}`
      : `${told(requirement)} is not enough any more; it takes ${ways(now)}`
    ledger.add({
      type: 'security_changed',
      effect: 'breaking',
      severity: isOpen ? 'critical' : 'high',
      path,
      description,
      direction: 'request',
    })
  }
  const opened = now.filter((requirement) => !old.some((other) => fits(requirement, other)))
  if (closed.length === 0 && opened.length > 0) {
    const description = `it also takes ${ways(opened)} now`
    ledger.add({
      type: 'security_changed',
      effect: 'safe',
      severity: opened.some(({ size }) => size === 0) ? 'high' : 'low',
      path,
      description,
      direction: 'request',
    })
  }
  for (const name of new Set(old.flatMap((requirement) => [...requirement.keys()]))) {
    ledger.once(`scheme ${name}`, () => compareScheme(name, context))
  }
}

/** An operation's own list, or the document's. No list and an empty one both mean: anybody. */
function requirementsOf({ node }: OperationNode, { document }: Side): readonly Requirement[] {
  const lists = [node.value as JsonObject, document].map((owner) => own(owner, 'security'))
  const list = lists.find((value) => Array.isArray(value)) as readonly unknown[] | undefined
  const requirements = (list ?? [])
    .filter(isObject)
    .map(
      (item) => new Map(Object.keys(item).map((name) => [name, new Set(ownList(item, name).filter((scope) => typeof scope === 'string'))])),
    )
  return requirements.length === 0 ? [new Map()] : requirements
}

/** Whether a client that comes with `has` fulfils what `needs` asks for. */
function fits(has: Requirement, needs: Requirement): boolean {
  return [...needs].every(([name, scopes]) => has.has(name) && [...scopes].every((scope) => has.get(name)!.has(scope)))
}

function told(requirement: Requirement): string {
  if (requirement.size === 0) return 'nothing'
  const names = [...requirement].map(([name, scopes]) => (scopes.size === 0 ? name : `${name} (${[...scopes].sort().join(', ')})`))
  return clean(names.join(' and '), 200)
}

function ways(requirements: readonly Requirement[]): string {
  return requirements.map(told).join(', or ')
}

/** The members that decide what a client has to send; where it gets a token is told beside them. */
const DECISIVE = ['type', 'in', 'name', 'scheme'] as const

function compareScheme(name: string, { ledger, previous, next }: Context): void {
  const [before, after] = [previous, next].map(({ document }) => schemeOf(name, document))
  if (before === undefined || after === undefined) return
  const path = step('/components/securitySchemes', name)
  const changed = DECISIVE.filter((member) => text(before, member) !== text(after, member))
  if (changed.length > 0) {
    const description = `the security scheme ${clean(name, 100)} changed: ${changed.map((member) => `${member} is ${clean(text(after, member), 60) || 'none'}`).join(', ')}`
    ledger.add({ type: 'security_changed', effect: 'breaking', severity: 'critical', path, description, direction: 'request' })
    return
  }
  const rest = (scheme: JsonObject): JsonObject => table(['flows', 'openIdConnectUrl'].map((member) => [member, own(scheme, member)]))
  if (isSame(rest(before), rest(after), { previous, next, ledger })) return
  const description = `where tokens for ${clean(name, 100)} come from, or which scopes there are, changed`
  ledger.add({ type: 'security_changed', effect: 'unknown', severity: 'medium', path, description, direction: 'request' })
}

/** Case makes no difference in the names of schemes and fields. */
function text(scheme: JsonObject, member: string): string {
  const value = ownText(scheme, member) ?? ''
  return member === 'scheme' || (member === 'name' && ownText(scheme, 'in') === 'header') ? value.toLowerCase() : value
}

function schemeOf(name: string, document: JsonObject): JsonObject | undefined {
  return ownObject(ownObject(ownObject(document, 'components') ?? table(), 'securitySchemes') ?? table(), name)
}
