import { child, children, resolve } from '../schema/side.ts'
import { compareContent } from './body.ts'
import { compareMaybe } from '../schema/compare.ts'
import { isObject, own } from '../../json.ts'
import { note, UNCLEAR } from '../schema/context.ts'
import type { Context, Flow } from '../schema/context.ts'
import type { Node } from '../schema/side.ts'
import type { Where } from './body.ts'

/** Compares answers: statuses, fields and bodies. */
export function compareResponses(previous: Node | undefined, next: Node | undefined, { direction }: Where, context: Context): void {
  const flow: Flow = { direction, isText: false }
  const old = statusesOf(previous)
  const now = statusesOf(next)
  const fresh = [...now.keys()].filter((status) => !old.has(status))
  for (const [status, node] of old) {
    const follower = [status, rangeOf(status), 'DEFAULT'].flatMap((key) => now.get(key) ?? [])[0]
    if (follower === undefined) noteGone(status, node, { fresh, flow, context })
    else compareResponse(node, follower, flow, context)
  }
  for (const status of fresh) {
    const cover = [rangeOf(status), 'DEFAULT'].flatMap((key) => old.get(key) ?? [])[0]
    const node = now.get(status)!
    // It was announced as one of a range: it has to keep what was said of it.
    if (cover !== undefined && rangeOf(status) !== status && status !== 'DEFAULT') compareResponse(cover, node, flow, context)
    else noteNew(status, node, flow, context)
  }
}

function statusesOf(node: Node | undefined): ReadonlyMap<string, Node> {
  return new Map([...children(node)].filter(([status]) => !status.startsWith('x-')).map(([status, value]) => [status.toUpperCase(), value]))
}

function rangeOf(status: string): string {
  return /^\d\d\d$/.test(status) ? `${status[0]!}XX` : status
}

function noteGone(
  status: string,
  node: Node,
  { fresh, flow, context }: { readonly fresh: readonly string[]; readonly flow: Flow; readonly context: Context },
): void {
  const isError = /^[45]/.test(status)
  const renamed = fresh.find((other) => other[0] === status[0])
  const description =
    renamed === undefined ? `the status ${status} is not answered any more` : `the status ${status} is gone, and ${renamed} is new`
  // A client that never sees an error again has lost nothing; one that waits for another status has.
  const response = status === 'DEFAULT' ? 'unknown' : isError && renamed === undefined ? 'safe' : 'breaking'
  note(context, flow, {
    type: 'endpoint_changed',
    path: node.at,
    description,
    severity: isError ? 'medium' : 'high',
    request: response,
    response,
  })
}

function noteNew(status: string, node: Node, flow: Flow, context: Context): void {
  // Whoever does not know a status takes it as x00 of its class (RFC 9110, section 15): right for errors, not surely for the rest.
  const response = /^[45]/.test(status) || status === 'DEFAULT' ? 'safe' : 'unknown'
  const description = `the status ${status} is new`
  note(context, flow, { type: 'endpoint_changed', path: node.at, description, severity: 'medium', request: 'safe', response })
}

function compareResponse(previous: Node, next: Node, flow: Flow, context: Context): void {
  const [before, after] = [resolve(previous, context.previous), resolve(next, context.next)]
  if (before === undefined || after === undefined) {
    if (before === after && previous.at === next.at) return
    const description = 'what the answer refers to is not in the document'
    note(context, flow, { type: 'not_judged', path: next.at, description, severity: 'medium', ...UNCLEAR })
    return
  }
  context.ledger.once(`${flow.direction} answer ${before.at} ${after.at}`, () => {
    compareContent(before, after, flow, context)
    compareFields(before, after, flow, context)
  })
}

function compareFields(before: Node, after: Node, flow: Flow, context: Context): void {
  const fields = (node: Node): Map<string, Node> =>
    new Map([...children(child(node, 'headers'))].map(([name, field]) => [name.toLowerCase(), field]))
  const now = fields(after)
  for (const [name, entry] of fields(before)) {
    // Described by `content`, and ignored here (OpenAPI 3.1, section 4.8.17).
    if (name === 'content-type') continue
    const [field, follower] = [resolve(entry, context.previous), resolve(now.get(name), context.next)]
    if (follower === undefined) {
      const severity = isRequired(field) ? 'high' : 'medium'
      const description = `the field ${name} is not sent any more`
      note(context, flow, { type: 'field_removed', path: entry.at, description, severity, request: 'unknown', response: 'breaking' })
      continue
    }
    if (isRequired(field) && !isRequired(follower)) {
      const description = `the field ${name} may be absent now`
      note(context, flow, {
        type: 'field_optional',
        path: follower.at,
        description,
        severity: 'medium',
        request: 'safe',
        response: 'breaking',
      })
    }
    if (field !== undefined) compareMaybe(child(field, 'schema'), child(follower, 'schema'), { ...flow, isText: true }, context)
  }
}

function isRequired(node: Node | undefined): boolean {
  return isObject(node?.value) && own(node.value, 'required') === true
}
