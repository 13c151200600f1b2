import { Buffer } from 'node:buffer'
import { webRequest } from './node-request.ts'
import type { Answering } from './node.ts'
import type { NodeRequest } from './node-request.ts'

/** As much of a Fastify instance as the plugin needs. */
export interface FastifyLike {
  removeAllContentTypeParsers(): void
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: 'buffer' },
    parser: (request: unknown, body: Uint8Array, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown
  route(options: {
    readonly method: string[]
    readonly url: string
    readonly schema: object
    readonly handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>
  }): unknown
}

export interface FastifyRequestLike {
  readonly raw: NodeRequest
  readonly originalUrl: string
  readonly body: unknown
}

export interface FastifyReplyLike {
  code(status: number): unknown
  headers(values: Readonly<Record<string, string>>): unknown
  send(body?: unknown): unknown
  callNotFound(): unknown
}

/** A plugin for Fastify: `app.register(service.fastify)`. */
export type FastifyPlugin = (instance: FastifyLike, options: unknown) => Promise<void>

export function fastifyPlugin(service: Answering): FastifyPlugin {
  return async (instance) => {
    // In the plugin's own context: a signature is over the bytes, so nothing may parse them.
    instance.removeAllContentTypeParsers()
    instance.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const handler = async ({ raw, originalUrl, body }: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown> => {
      const found = await service.fetch(webRequest(raw, originalUrl, body ?? new Uint8Array()))
      if (found === undefined) {
        reply.callNotFound()
        return reply
      }
      reply.code(found.status)
      reply.headers(Object.fromEntries(found.headers))
      return reply.send(found.status === 304 ? undefined : Buffer.from(await found.arrayBuffer()))
    }
    const schema = { hide: true }
    instance.route({ method: ['GET', 'HEAD'], url: '/_farp/*', schema, handler })
    if (service.webhookPath !== undefined) instance.route({ method: ['POST'], url: service.webhookPath, schema, handler })
  }
}
