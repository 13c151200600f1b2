import { child, children, items, resolve } from '../schema/side.ts'
import { compareMaybe } from '../schema/compare.ts'
import { isDeprecated } from './side.ts'
import { isObject, own, ownText } from '../../json.ts'
import { note, NARROWER, OTHER, UNCLEAR } from '../schema/context.ts'
import { shapeOf } from '../schema/shape.ts'
import type { Context, Flow } from '../schema/context.ts'
import type { Direction } from '../change.ts'
import type { JsonObject } from '../../json.ts'
import type { Node, Side } from '../schema/side.ts'
import type { OperationNode } from './side.ts'

interface Parameter {
  readonly name: string
  readonly place: string
  readonly isRequired: boolean
  readonly node: Node
}

/** Parameters of an operation and of its path: new ones, those that are gone, moved, or required now, and what may be in them. */
export function compareParameters(before: OperationNode, after: OperationNode, direction: Direction, context: Context): void {
  const flow: Flow = { direction, isText: true }
  const old = parametersOf(before, context.previous)
  const now = parametersOf(after, context.next)
  const moved = new Map([...now].toReversed().flatMap(([key, parameter]) => (old.has(key) ? [] : [[parameter.name, parameter] as const])))
  for (const [key, parameter] of old) {
    const follower = now.get(key)
    if (follower !== undefined) compareParameter(parameter, follower, flow, context)
    else noteGone(parameter, moved.get(parameter.name), flow, context)
  }
  for (const [key, parameter] of now) if (!old.has(key)) noteNew(parameter, flow, context)
}

/** Fields that OpenAPI describes elsewhere (OpenAPI 3.1, section 4.8.12.1). */
const ELSEWHERE = new Set(['accept', 'content-type', 'authorization'])

/** By place and name. Path parameters are known by where they stand in the path: their names are nobody's business but the document's. */
function parametersOf({ path, node, item }: OperationNode, side: Side): ReadonlyMap<string, Parameter> {
  const found = new Map<string, Parameter>()
  const places = [...path.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!)
  for (const entry of [...items(child(item, 'parameters')), ...items(child(node, 'parameters'))]) {
    const parameter = resolve(entry, side)
    if (parameter === undefined || !isObject(parameter.value)) {
      const name = isObject(entry.value) ? (ownText(entry.value, '$ref') ?? '') : ''
      found.set(`lost ${name}`, { name, place: 'lost', isRequired: false, node: entry })
      continue
    }
    const { value } = parameter
    const place = ownText(value, 'in') ?? ''
    const name = ownText(value, 'name') ?? ''
    if (place === 'header' && ELSEWHERE.has(name.toLowerCase())) continue
    const id = place === 'header' ? name.toLowerCase() : place === 'path' ? String(places.indexOf(name)) : name
    found.set(`${place} ${id}`, { name, place, isRequired: own(value, 'required') === true, node: parameter })
  }
  return found
}

function compareParameter(before: Parameter, after: Parameter, flow: Flow, context: Context): void {
  const { name, place, node } = after
  if (place === 'lost') return
  const path = node.at
  if (!before.isRequired && after.isRequired && place !== 'path') noteNeeded(after, flow, context)
  if (styleOf(before) !== styleOf(after) && !(isScalar(before, context.previous, context) && isScalar(after, context.next, context))) {
    const description = `the ${place} parameter ${name} is written in another way: ${styleOf(before)} became ${styleOf(after)}`
    note(context, flow, { type: 'endpoint_changed', path, description, severity: 'high', ...OTHER })
  }
  const [old, now] = [contentOf(before.node), contentOf(node)]
  if (old?.type !== now?.type) {
    const description = `the ${place} parameter ${name} is written as ${now?.type ?? 'plain text'}; it was ${old?.type ?? 'plain text'}`
    note(context, flow, { type: 'endpoint_changed', path, description, severity: 'high', ...OTHER })
  } else if (old === undefined) compareMaybe(child(before.node, 'schema'), child(node, 'schema'), flow, context)
  else compareMaybe(old.schema, now!.schema, { ...flow, isText: false }, context)
  if (!isDeprecated(before.node) && isDeprecated(node)) {
    const description = `the ${place} parameter ${name} is deprecated now`
    note(context, flow, { type: 'deprecated', path, description, severity: 'low', request: 'safe', response: 'safe' })
  }
}

const STYLES: Readonly<Record<string, string>> = { query: 'form', cookie: 'form', path: 'simple', header: 'simple' }

/** How lists and objects are written (OpenAPI 3.1, section 4.8.12.2). */
function styleOf({ place, node }: Parameter): string {
  const value = node.value as JsonObject
  const style = ownText(value, 'style') ?? STYLES[place] ?? ''
  const explode = own(value, 'explode')
  return `${style}${(typeof explode === 'boolean' ? explode : style === 'form') ? ' exploded' : ''}`
}

/** One value without a prefix is written alike in all plain styles. */
function isScalar(parameter: Parameter, side: Side, { parts }: Context): boolean {
  if (!/^(?:form|simple)/.test(styleOf(parameter))) return false
  const schema = child(parameter.node, 'schema')
  const types = schema === undefined ? undefined : shapeOf([schema], side, parts).types
  return types !== undefined && !types.has('object') && !types.has('array')
}

function contentOf(node: Node): { readonly type: string; readonly schema: Node | undefined } | undefined {
  const [entry] = children(child(node, 'content'))
  return entry === undefined ? undefined : { type: entry[0], schema: child(entry[1], 'schema') }
}

/** `moved` is the one that has its name now. */
function noteGone(parameter: Parameter, moved: Parameter | undefined, flow: Flow, context: Context): void {
  const { name, place, node } = parameter
  if (place === 'lost') {
    noteLost(parameter, flow, context)
    return
  }
  if (moved !== undefined) {
    const description = `the parameter ${name} moved from ${place} to ${moved.place}`
    note(context, flow, { type: 'endpoint_changed', path: moved.node.at, description, severity: 'high', ...OTHER })
    return
  }
  // Most services pass by what they do not know, some refuse it; and what it did is not done any more.
  const description = `the ${place} parameter ${name} is gone`
  note(context, flow, { type: 'field_removed', path: node.at, description, severity: 'medium', request: 'unknown', response: 'breaking' })
}

function noteNew(parameter: Parameter, flow: Flow, context: Context): void {
  const { name, place, node } = parameter
  if (place === 'lost') noteLost(parameter, flow, context)
  else if (parameter.isRequired && place !== 'path' && flow.direction === 'request') noteNeeded(parameter, flow, context)
  else {
    const description = `the ${place} parameter ${name} is new`
    note(context, flow, { type: 'field_added', path: node.at, description, severity: 'low', request: 'safe', response: 'safe' })
  }
}

function noteLost({ name, node }: Parameter, flow: Flow, context: Context): void {
  const description = `the parameter ${name} refers to something that is not in the document`
  note(context, flow, { type: 'not_judged', path: node.at, description, severity: 'medium', ...UNCLEAR })
}

function noteNeeded({ name, place, node }: Parameter, flow: Flow, context: Context): void {
  note(context, flow, {
    type: 'field_required',
    path: node.at,
    description: `the ${place} parameter ${name} is required now`,
    severity: 'high',
    ...NARROWER,
  })
}
