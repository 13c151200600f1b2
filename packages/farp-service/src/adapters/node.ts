import { farpTarget, webRequest } from './node-request.ts'
import type { NodeRequest } from './node-request.ts'

/** As much of Node's `ServerResponse` as is written. */
export interface NodeResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown
  end(body?: Uint8Array): unknown
}

/** What Node's `createServer`, Express and Connect call. Without `next`, a path that is not FARP's is answered with 404. */
export type NodeMiddleware = (request: NodeRequest, response: NodeResponse, next?: (error?: unknown) => void) => void

/** What the wrappers need of a service. */
export interface Answering {
  fetch(request: Request): Promise<Response | undefined>
  /** Where events are taken, when they are. */
  readonly webhookPath: string | undefined
}

/** For `node:http`, Express and Connect. */
export function nodeMiddleware(service: Answering): NodeMiddleware {
  return (request, response, next) => {
    const target = farpTarget(request, service.webhookPath)
    if (target === undefined) return otherwise(response, next)
    const body = 'body' in request ? request.body : undefined
    // A parser that came first has read the bytes that were signed; they cannot be had again.
    if (request.readableEnded === true && body !== undefined && !(body instanceof Uint8Array))
      return next?.(new Error('the body was read before the FARP middleware saw it; use the middleware before body parsers'))
    void answer(service, { request, response, next, target, body })
  }
}

interface Exchange {
  readonly request: NodeRequest
  readonly response: NodeResponse
  readonly next: ((error?: unknown) => void) | undefined
  readonly target: string
  readonly body: unknown
}

async function answer(service: Answering, { request, response, next, target, body }: Exchange): Promise<void> {
  try {
    const found = await service.fetch(webRequest(request, target, body))
    if (found === undefined) return otherwise(response, next)
    const bytes = new Uint8Array(await found.arrayBuffer())
    const hasLength = found.status !== 304 && request.method !== 'HEAD'
    response.writeHead(found.status, {
      ...Object.fromEntries(found.headers),
      ...(hasLength ? { 'content-length': String(bytes.length) } : {}),
    })
    response.end(bytes)
  } catch (error) {
    if (next !== undefined) return next(error)
    response.writeHead(500, {})
    response.end()
  }
}

function otherwise(response: NodeResponse, next: (() => void) | undefined): void {
  if (next !== undefined) return next()
  response.writeHead(404, {})
  response.end()
}
