import { child, children, resolve } from '../schema/side.ts'
import { compareMaybe } from '../schema/compare.ts'
import { isObject, own } from '../../json.ts'
import { isSame } from '../schema/same.ts'
import { note, NARROWER, UNCLEAR } from '../schema/context.ts'
import type { Context, Flow } from '../schema/context.ts'
import type { Direction } from '../change.ts'
import type { Node } from '../schema/side.ts'

/** Which way something goes, and the place to name when it is absent. */
export interface Where {
  readonly at: string
  readonly direction: Direction
}

/** Compares what may be sent as the body of a request. */
export function compareBody(previous: Node | undefined, next: Node | undefined, { at, direction }: Where, context: Context): void {
  const flow: Flow = { direction, isText: false }
  const [before, after] = [resolve(previous, context.previous), resolve(next, context.next)]
  if ((previous !== undefined && before === undefined) || (next !== undefined && after === undefined)) {
    const description = 'what the body refers to is not in the document'
    note(context, flow, { type: 'not_judged', path: next?.at ?? at, description, severity: 'medium', ...UNCLEAR })
    return
  }
  if (after === undefined) {
    if (before === undefined) return
    const description = 'a body is not described any more'
    note(context, flow, {
      type: 'field_removed',
      path: before.at,
      description,
      severity: 'medium',
      request: 'unknown',
      response: 'breaking',
    })
    return
  }
  const isNeeded = (node: Node | undefined): boolean => isObject(node?.value) && own(node.value, 'required') === true
  if (isNeeded(after) && !isNeeded(before)) {
    note(context, flow, { type: 'field_required', path: after.at, description: 'a body is required now', severity: 'high', ...NARROWER })
  }
  if (before === undefined) {
    if (!isNeeded(after)) {
      const description = 'a body may be sent now'
      note(context, flow, { type: 'field_added', path: after.at, description, severity: 'low', request: 'safe', response: 'safe' })
    }
    return
  }
  if (isNeeded(before) && !isNeeded(after)) {
    const description = 'the body may be absent now'
    note(context, flow, { type: 'field_optional', path: after.at, description, severity: 'medium', request: 'safe', response: 'breaking' })
  }
  compareContent(before, after, flow, context)
}

/** Compares media types and what is in them. */
export function compareContent(before: Node, after: Node, flow: Flow, context: Context): void {
  const old = mediaOf(before)
  const now = mediaOf(after)
  for (const [type, media] of old) {
    const follower = now.get(type) ?? ranges(type).flatMap((range) => now.get(range) ?? [])[0]
    if (follower === undefined) {
      const description = `the media type ${type} is ${flow.direction === 'request' ? 'not accepted' : 'not sent'} any more`
      note(context, flow, {
        type: 'endpoint_changed',
        path: media.at,
        description,
        severity: 'high',
        request: 'breaking',
        response: 'breaking',
      })
      continue
    }
    compareMaybe(child(media, 'schema'), child(follower, 'schema'), flow, context)
    compareMaybe(child(media, 'itemSchema'), child(follower, 'itemSchema'), flow, context)
    const [encoding, other] = [child(media, 'encoding'), child(follower, 'encoding')]
    if (!isSame(encoding?.value, other?.value, context)) {
      const description = `how ${type} is encoded changed, and what that means cannot be told`
      note(context, flow, { type: 'not_judged', path: follower.at, description, severity: 'medium', ...UNCLEAR })
    }
  }
  for (const [type, media] of now) {
    if (old.has(type)) continue
    const description = `the media type ${type} is new`
    note(context, flow, { type: 'endpoint_changed', path: media.at, description, severity: 'low', request: 'safe', response: 'safe' })
  }
}

/** By media type, without case; parameters count, spaces do not. */
function mediaOf(node: Node): ReadonlyMap<string, Node> {
  return new Map([...children(child(node, 'content'))].map(([type, media]) => [type.toLowerCase().replaceAll(/\s/g, ''), media]))
}

/** What includes a media type, the nearest first. */
function ranges(type: string): string[] {
  const plain = type.split(';')[0]!
  return [plain, `${plain.split('/')[0]!}/*`, '*/*']
}
