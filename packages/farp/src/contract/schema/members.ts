import { clean } from '../../text.ts'
import { LOOSER, NARROWER, note } from './context.ts'
import { shapeOf } from './shape.ts'
import type { Context, Flow } from './context.ts'
import type { Node, Shape, Side } from './side.ts'
import type { Pair } from './values.ts'

/** Properties, what is beside them, and items. */
export function compareMembers(pair: Pair, flow: Flow, context: Context): void {
  const { before, after } = pair
  const old = { shape: before, properties: visible(before, flow, context.previous, context.parts) }
  const now = { shape: after, properties: visible(after, flow, context.next, context.parts) }
  for (const [name, nodes] of old.properties) {
    const followers = now.properties.get(name)
    if (followers === undefined) noteRemoved(name, nodes, pair, flow, context)
    else {
      context.compare(nodes, followers, flow, context)
      compareRequired(name, followers, pair, flow, context)
    }
  }
  for (const [name, nodes] of now.properties) if (!old.properties.has(name)) noteAdded(name, nodes, pair, flow, context)
  // Required, and described nowhere.
  for (const name of after.required) {
    if (!before.required.has(name) && !before.properties.has(name) && !after.properties.has(name)) {
      noteNeeded(name, after.at, flow, context)
    }
  }
  compareOthers(pair, flow, context)
  compareItems(pair, flow, context)
}

/** What clients may send has no read-only members, what they get no write-only ones. */
function visible(shape: Shape, { direction }: Flow, side: Side, parts: number): ReadonlyMap<string, readonly Node[]> {
  return new Map(
    [...shape.properties].filter(([, nodes]) => {
      const { isReadOnly, isWriteOnly } = shapeOf(nodes, side, parts)
      return direction === 'request' ? !isReadOnly : !isWriteOnly
    }),
  )
}

function noteRemoved(name: string, nodes: readonly Node[], { before, after }: Pair, flow: Flow, context: Context): void {
  const { direction } = flow
  const isRequired = before.required.has(name)
  const description = `the property ${clean(name, 100)} is gone`
  const path = nodes[0]!.at
  if (after.others !== false && after.others !== undefined) {
    // It is described by what holds for all members without a name.
    context.compare(nodes, after.others, flow, context)
    if (isRequired && !after.required.has(name)) note(context, flow, optional(name, path))
    return
  }
  // Where members without a name are welcome, the service takes the value and nobody knows what becomes of it.
  const request = after.others === false ? 'breaking' : 'unknown'
  note(context, flow, {
    type: 'field_removed',
    path,
    description,
    severity: direction === 'response' ? (isRequired ? 'critical' : 'high') : 'medium',
    request,
    response: 'breaking',
  })
}

function noteAdded(name: string, nodes: readonly Node[], { before, after }: Pair, flow: Flow, context: Context): void {
  const path = nodes[0]!.at
  if (flow.direction === 'request' && after.required.has(name) && !before.required.has(name)) {
    noteNeeded(name, path, flow, context)
    return
  }
  if (before.others !== false && before.others !== undefined) context.compare(before.others, nodes, flow, context)
  note(context, flow, {
    type: 'field_added',
    path,
    description: `the property ${clean(name, 100)} is new`,
    severity: 'low',
    request: 'safe',
    response: 'safe',
  })
}

function noteNeeded(name: string, path: string, flow: Flow, context: Context): void {
  note(context, flow, {
    type: 'field_required',
    path,
    description: `the property ${clean(name, 100)} is required now`,
    severity: 'high',
    ...NARROWER,
  })
}

function compareRequired(name: string, nodes: readonly Node[], { before, after }: Pair, flow: Flow, context: Context): void {
  if (before.required.has(name) === after.required.has(name)) return
  const path = nodes[0]!.at
  if (after.required.has(name)) noteNeeded(name, path, flow, context)
  else note(context, flow, optional(name, path))
}

function optional(name: string, path: string): Parameters<typeof note>[2] {
  const description = `the property ${clean(name, 100)} may be absent now`
  return { type: 'field_optional', path, description, severity: 'high', request: 'safe', response: 'breaking' }
}

function compareOthers({ before, after }: Pair, flow: Flow, context: Context): void {
  const path = after.at
  const type = 'constraint_changed'
  const severity = 'medium'
  const [old, now] = [before.others, after.others]
  if (old === now) return
  // In answers a member more is no surprise, and those that are gone were not described.
  if (old === false) {
    note(context, flow, {
      type,
      path,
      description: 'members without a description are allowed now',
      severity,
      request: 'safe',
      response: 'safe',
    })
  } else if (now === false) {
    const wasMap = old !== undefined
    note(context, flow, {
      type: wasMap ? 'field_removed' : type,
      path,
      description: 'only the described members are allowed now',
      severity,
      request: 'breaking',
      response: wasMap ? 'breaking' : 'safe',
    })
  } else if (old === undefined) {
    note(context, flow, {
      type,
      path,
      description: 'members without a description have to fit a schema now',
      severity,
      request: 'unknown',
      response: 'safe',
    })
  } else if (now === undefined) {
    note(context, flow, { type, path, description: 'members without a description may be anything now', severity, ...LOOSER })
  } else context.compare(old, now, flow, context)
}

function compareItems({ before, after }: Pair, flow: Flow, context: Context): void {
  const [old, now] = [before.items, after.items]
  if (old !== undefined && now !== undefined) context.compare(old, now, flow, context)
  else if (old !== now) {
    const description = now === undefined ? 'the items may be anything now' : 'the items have to fit a schema now'
    const effects = now === undefined ? LOOSER : ({ request: 'unknown', response: 'safe' } as const)
    note(context, flow, { type: 'constraint_changed', path: after.at, description, severity: 'medium', ...effects })
  }
}
