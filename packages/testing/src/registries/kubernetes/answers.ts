import { apiVersionOf, type Resource } from './resources.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KubernetesObject } from './store.ts'

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'AlreadyExists',
  410: 'Expired',
  415: 'UnsupportedMediaType',
  500: 'InternalError',
}

/** The `Status` object that says what went wrong. */
export function failure(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: REASONS[code], code }
}

export function send(response: ServerResponse, code: number, value: unknown): void {
  const text = JSON.stringify(value)
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
}

/** How objects are shown: whole, or their metadata alone where a client asks for that. */
export interface Shape {
  /** What can be shown this way. */
  readonly fits: 'one' | 'list' | 'both'
  one(object: KubernetesObject): object
  list(resource: Resource, metadata: object, items: readonly KubernetesObject[]): object
}

const WHOLE: Shape = {
  fits: 'both',
  one: (object) => object,
  list: (resource, metadata, items) => ({
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata,
    // In lists, items do not say what they are.
    items: items.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
  }),
}

const PARTIAL: Omit<Shape, 'fits'> = {
  one: ({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }),
  list: (_resource, metadata, items) => ({
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    items: items.length === 0 ? null : items.map(({ metadata: own }) => ({ metadata: own })),
  }),
}

const SHAPES: ReadonlyMap<string | undefined, Shape> = new Map([
  ['PartialObjectMetadata', { ...PARTIAL, fits: 'one' }],
  ['PartialObjectMetadataList', { ...PARTIAL, fits: 'list' }],
])

/** The first one that a client names counts, whether or not it fits what is asked for. */
export function shapeOf(request: IncomingMessage): Shape {
  return SHAPES.get(/;as=(\w+)/.exec(request.headers.accept ?? '')?.[1]) ?? WHOLE
}

export function sendUnacceptable(response: ServerResponse): void {
  send(response, 406, failure(406, 'the requested object cannot be shown in the form that was asked for'))
}

/** The body of a request as JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown)
}

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result = new Map(Object.entries(typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {}))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, mergePatch(result.get(key), value))
  }
  return Object.fromEntries(result)
}
