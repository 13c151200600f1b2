import { isObject, own, ownText } from '../../json.ts'
import { child, children, resolve, sideOf } from '../schema/side.ts'
import type { JsonObject } from '../../json.ts'
import type { Node, Side } from '../schema/side.ts'

/** An OpenAPI document as one side of a comparison. */
export function openApiSide(document: JsonObject): Side {
  const isOld = (ownText(document, 'openapi') ?? '').startsWith('3.0')
  return sideOf(document, { isOld, hasRefSiblings: !isOld })
}

/** An operation of a document. */
export interface OperationNode {
  /** `GET /users/{id}`. */
  readonly label: string
  /** Upper case. */
  readonly method: string
  readonly path: string
  readonly node: Node
  /** Where path-level parameters stand. */
  readonly item: Node
}

/** A path with its operations. */
export interface PathNode {
  readonly path: string
  readonly at: string
  readonly value: unknown
  readonly operations: ReadonlyMap<string, OperationNode>
  /** The path item refers to something that is not there. */
  readonly isLost: boolean
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'] as const

/** The paths of a table such as `paths`, `webhooks` or a callback, by their key: parameter names make no difference. */
export function pathsOf(table: Node | undefined, side: Side): ReadonlyMap<string, PathNode> {
  const paths = new Map<string, PathNode>()
  for (const [path, node] of children(table)) {
    if (!path.startsWith('x-')) paths.set(path.replaceAll(/\{[^{}]*\}/g, '{}'), pathOf(path, node, side))
  }
  return paths
}

function pathOf(path: string, node: Node, side: Side): PathNode {
  const item = resolve(node, side)
  const operations = new Map<string, OperationNode>()
  if (item === undefined) return { path, ...node, operations, isLost: true }
  const others = children(child(item, 'additionalOperations'))
  const entries = [...METHODS.map((method) => [method, child(item, method)] as const), ...others]
  for (const [name, found] of entries) {
    // What is no object is routed nowhere.
    if (found === undefined || !isObject(found.value)) continue
    const method = name.toUpperCase()
    operations.set(method, { label: `${method} ${path}`, method, path, node: found, item })
  }
  return { path, ...node, operations, isLost: false }
}

/** Whether an operation or a parameter says that it is deprecated. */
export function isDeprecated({ value }: Node): boolean {
  return isObject(value) && own(value, 'deprecated') === true
}
