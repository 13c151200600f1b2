import { schemaFor, type AnySchema } from '../schema/walk.ts'
import type { Node } from './node.ts'

/**
 * The plain data of a tree, as its schema wants it: a block without content is an empty map or list, and a plain scalar is the text that was
 * written where a text is wanted (`version: 1.10` is not 1.1). Maps have no prototype, so no key can reach one.
 */
export function toValue(node: Node, schema: AnySchema | undefined): unknown {
  const shape = schema === undefined ? undefined : schemaFor(schema, node)
  if (node.kind === 'scalar') {
    if (node.value === null && shape?.entries !== undefined) return Object.create(null)
    if (node.value === null && shape?.item !== undefined) return []
    return (shape?.leaf?.text === true || shape?.orText === true) && node.value !== null ? node.text : node.value
  }
  if (node.kind === 'list') return node.items.map((item) => toValue(item, shape?.item))
  const value = Object.create(null) as Record<string, unknown>
  const inner = shape?.leaf?.text === true ? shape : undefined
  for (const [key, entry] of node.entries) value[key] = toValue(entry.value, inner ?? child(shape, key))
  return value
}

function child(shape: AnySchema | undefined, key: string): AnySchema | undefined {
  return shape?.entries !== undefined && Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined
}
