import { sha256 } from '@octopus-gateway/farp-digest'
import { json, tagged, text } from './answers.ts'
import { placeOf } from '../place.ts'
import { WEBHOOK_PATH } from '../manifest/build.ts'
import { WebhookReceiver } from '../webhook/receiver.ts'
import type { LogEntry, WebhookOptions } from '../options.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Place } from '../place.ts'
import type { SchemaDocument } from '../schemas/document.ts'
import type { ServiceRecord } from '../registries/record.ts'
import type { Status } from '../manifest/instance.ts'

/** What the handler shows. */
export interface Shown {
  readonly webhook: WebhookOptions | undefined
  status(): Promise<Status>
  manifest(asked: Place): Promise<Manifest>
  schema(type: string): Promise<SchemaDocument | undefined>
  record(asked: Place): ServiceRecord
  log(entry: LogEntry): void
}

/** Answers the paths of FARP; `undefined` for every other one. */
export function farpHandler(shown: Shown): (request: Request) => Promise<Response | undefined> {
  const receiver = new WebhookReceiver()
  return async (request) => {
    const url = new URL(request.url)
    const answer = routeOf(url.pathname, shown, receiver)
    if (answer === undefined) return undefined
    const allowed = answer.method === 'POST' ? ['POST'] : ['GET', 'HEAD']
    if (!allowed.includes(request.method)) return text(405, 'this method is not allowed here', { allow: allowed.join(', ') })
    try {
      const response = await answer.run(request, placeOf(url.origin))
      return request.method === 'HEAD' ? new Response(null, response) : response
    } catch (error) {
      // Whoever asks learns that it failed, not why: the reason may name files and hosts.
      shown.log({ level: 'error', message: `${url.pathname} could not be answered`, error })
      return json({ error: 'not available' }, { status: 503, headers: { 'cache-control': 'no-store' } })
    }
  }
}

interface FarpRoute {
  readonly method: 'GET' | 'POST'
  run(request: Request, asked: Place): Promise<Response>
}

function routeOf(path: string, shown: Shown, receiver: WebhookReceiver): FarpRoute | undefined {
  const get = (run: FarpRoute['run']): FarpRoute => ({ method: 'GET', run })
  if (path === '/_farp/manifest') return get(async (request, asked) => manifestAnswer(request, await shown.manifest(asked)))
  if (path === '/_farp/health') return get(async () => healthAnswer(await shown.status()))
  if (path === '/_farp/discovery') return get(async (_request, asked) => json(discoveryOf(shown.record(asked))))
  const type = /^\/_farp\/schemas\/([^/]+)$/.exec(path)?.[1]
  if (type !== undefined) return get(async (request) => schemaAnswer(request, await shown.schema(type)))
  const { secret, on, path: webhook = WEBHOOK_PATH } = shown.webhook ?? {}
  if (secret === undefined || on === undefined || path !== webhook) return undefined
  return { method: 'POST', run: (request) => receiver.take(request, { secret, on }) }
}

function manifestAnswer(request: Request, manifest: Manifest): Response {
  const body = `${JSON.stringify(manifest)}\n`
  return tagged(request, body, { type: 'application/json', etag: `"${sha256(body).slice(0, 32)}"` })
}

function healthAnswer(status: Status): Response {
  return json({ status }, { status: status === 'healthy' || status === 'degraded' ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}

function schemaAnswer(request: Request, document: SchemaDocument | undefined): Response {
  if (document === undefined) return text(404, 'there is no such schema')
  return tagged(request, Uint8Array.from(document.body), { type: document.contentType, etag: `"${document.hash.slice(0, 32)}"` })
}

/** The record as seeds are polled for it. */
function discoveryOf({ id, service_name, version, address, port, tags, metadata }: ServiceRecord): Readonly<Record<string, unknown>> {
  return { service_id: id, service_name, service_version: version, address, port, tags, metadata, farp_enabled: true, backend: 'http' }
}
