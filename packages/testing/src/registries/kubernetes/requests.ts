import { failure, mergePatch, send, sendUnacceptable, shapeOf, bodyOf } from './answers.ts'
import { fieldSelector, labelSelector } from './selector.ts'
import { Gone, type KubernetesObject, type Store } from './store.ts'
import { apiVersionOf, RESOURCES, resourceOf, type Target } from './resources.ts'
import { Watch } from './watch.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request for objects. */
export interface Ask {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: Target
  readonly query: URLSearchParams
}

const NAMESPACES = RESOURCES.find(({ plural }) => plural === 'namespaces')!

/** What RBAC calls a request. */
export function verbOf({ request, target, query }: Ask): string {
  const isWatch = query.get('watch') === 'true' || query.get('watch') === '1'
  switch (request.method) {
    case 'GET':
      return target.name !== undefined ? 'get' : isWatch ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    default:
      return 'delete'
  }
}

function selects(query: URLSearchParams): (object: KubernetesObject) => boolean {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(query.get('fieldSelector') ?? '')
  return (object) => labels(object) && fields(object)
}

/** A page of a list. Where it goes on is in `continue`: the revision of the first page, and how many objects have been told. */
export function list(store: Store, { request, response, target, query }: Ask): void {
  const [from = '', skipped = '0'] = Buffer.from(query.get('continue') ?? '', 'base64url')
    .toString()
    .split(':')
  const shape = shapeOf(request)
  if (shape.fits === 'one') return sendUnacceptable(response)
  const revision = from === '' ? store.revision : Number(from)
  const limit = Number(query.get('limit') ?? 0)
  let all: KubernetesObject[]
  try {
    all = store.list(target.resource, target.namespace, revision).filter(selects(query))
  } catch (thrown) {
    if (!(thrown instanceof Gone)) throw thrown
    const message = 'The provided continue parameter is too old to display a consistent list result.'
    return send(response, 410, failure(410, message))
  }
  const end = limit > 0 ? Number(skipped) + limit : all.length
  const items = all.slice(Number(skipped), end)
  const metadata = {
    resourceVersion: String(revision),
    ...(end < all.length
      ? { continue: Buffer.from(`${revision}:${end}`).toString('base64url'), remainingItemCount: all.length - end }
      : {}),
  }
  send(response, 200, shape.list(target.resource, metadata, items))
}

/** Opens a watch. `longest` bounds what a client asks for. Milliseconds. */
export function watch(store: Store, { request, response, target, query }: Ask, longest: number): Watch | undefined {
  const given = query.get('resourceVersion') ?? ''
  const isFromNow = given === '' || given === '0'
  const since = isFromNow ? store.revision : Number(given)
  const head = (): void => void response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
  const shape = shapeOf(request)
  // A watch that is to show lists is not refused: it tells nothing, for ever.
  const isMute = shape.fits === 'list'
  const asked = {
    resource: target.resource,
    namespace: target.namespace,
    selects: isMute ? () => false : selects(query),
    shape: shape.one,
    since,
    bookmarks: !isMute && query.get('allowWatchBookmarks') === 'true',
    timeout: Math.min(longest, Number(query.get('timeoutSeconds') ?? Infinity) * 1000),
  }
  try {
    const events = store.since(since)
    head()
    const opened = new Watch(store, events, asked, response)
    if (isFromNow) opened.addAll(store.list(target.resource, target.namespace).filter(asked.selects))
    return opened
  } catch (thrown) {
    if (!(thrown instanceof Gone)) throw thrown
    // A server tells of it within the stream, with status 200.
    head()
    new Watch(store, [], asked, response).expire(failure(410, `too old resource version: ${since} (${store.revision})`))
    return undefined
  }
}

/** Reads or changes one object. */
export async function one(store: Store, ask: Ask): Promise<void> {
  const { request, response, target } = ask
  const { resource, namespace, name } = target
  const found = name === undefined ? undefined : store.get(resource, namespace, name)
  const written = request.method === 'GET' || request.method === 'DELETE' ? undefined : ((await bodyOf(request)) as KubernetesObject)
  if (request.method === 'POST') return create(store, ask, written!)
  if (found === undefined) return send(response, 404, failure(404, `${resource.plural} "${name}" not found`))
  switch (request.method) {
    case 'GET':
      return shapeOf(request).fits === 'list' ? sendUnacceptable(response) : send(response, 200, shapeOf(request).one(found))
    case 'PUT':
      if (written!.metadata.resourceVersion !== undefined && written!.metadata.resourceVersion !== found.metadata.resourceVersion)
        return send(response, 409, { ...failure(409, 'the object has been modified'), reason: 'Conflict' })
      return send(response, 200, store.put(written!))
    case 'PATCH':
      if (!/merge-patch/.test(request.headers['content-type'] ?? ''))
        return send(response, 415, failure(415, 'only application/merge-patch+json and its strategic sibling are understood'))
      return send(response, 200, store.put(mergePatch(found, written) as KubernetesObject))
    case 'DELETE':
      store.delete(resource, namespace, name!)
      return send(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
    default:
      return send(response, 405, failure(405, 'the server does not allow this method on the requested resource'))
  }
}

function create(store: Store, { response, target: { resource, namespace } }: Ask, written: Partial<KubernetesObject>): void {
  // What an object does not say of its kind, its path says.
  const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...written } as KubernetesObject
  if (resourceOf(object) !== resource) return send(response, 400, failure(400, 'the object is of another kind than its path'))
  if (namespace !== undefined && store.get(NAMESPACES, undefined, namespace) === undefined)
    return send(response, 404, failure(404, `namespaces "${namespace}" not found`))
  if (store.get(resource, namespace, object.metadata.name) !== undefined)
    return send(response, 409, failure(409, `${resource.plural} "${object.metadata.name}" already exists`))
  send(response, 201, store.put({ ...object, metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) } }))
}
