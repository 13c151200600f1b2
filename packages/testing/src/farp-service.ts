import { createServer } from 'node:http'
import { answerDocument, answerJson, answerOperation } from './farp-answers.ts'
import { answerSafely } from './answer-safely.ts'
import { listen } from './listen.ts'
import { openapiOf } from './openapi.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FarpServiceState } from './farp-state.ts'
import type { Listening } from './listen.ts'

/** A FARP service to start. */
export interface FarpServiceOptions extends Partial<FarpServiceState> {
  readonly name: string
  /** Default: the name and the port. */
  readonly instanceId?: string
  /** Default 0: any free port. */
  readonly port?: number
}

/** A service that publishes a FARP manifest and an OpenAPI document and answers the operations of that document. */
export interface FarpService extends AsyncDisposable {
  readonly name: string
  readonly instanceId: string
  readonly port: number
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string
  readonly manifestUrl: string
  readonly openapiUrl: string
  readonly state: FarpServiceState
  /** Requests so far, per purpose. */
  readonly counts: {
    readonly manifest: number
    readonly openapi: number
    readonly health: number
    readonly operations: number
    readonly notFound: number
  }
  /** Whether it listens. */
  readonly running: boolean
  /** Changes what the next request sees. */
  update(change: Partial<FarpServiceState>): void
  /** Stops listening and cuts every connection, as a crash would. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

/**
 * Starts a service on 127.0.0.1 that answers `/_farp/manifest`, `/openapi.json`, `/health`, and with
 * `{ service, instance, operation, template, params, method, url, body }` each operation of its document. Rejects with the listen error.
 */
export async function startFarpService(options: FarpServiceOptions): Promise<FarpService> {
  const { name, instanceId: id, port: wanted = 0, ...state } = options
  const counts = { manifest: 0, openapi: 0, health: 0, operations: 0, notFound: 0 }
  let current: FarpServiceState = { ...defaults(name, options.version ?? '1.0.0'), ...state }
  let listening: Listening | undefined = undefined as Listening | undefined

  const open = (port: number): Promise<Listening> =>
    listen(
      createServer((request, response) => void answerSafely(response, () => answer(service, counts, { request, response }))),
      port,
    )
  listening = await open(wanted)
  const { port, origin } = listening
  const instanceId = id ?? `${name}-${port}`
  const stop = async (): Promise<void> => {
    const last = listening
    listening = undefined
    await last?.close()
  }
  const service: FarpService = {
    name,
    instanceId,
    port,
    origin,
    manifestUrl: `${origin}/_farp/manifest`,
    openapiUrl: `${origin}/openapi.json`,
    get state() {
      return current
    },
    counts,
    get running() {
      return listening !== undefined
    },
    update(change) {
      current = { ...current, ...change }
    },
    stop,
    async start() {
      listening ??= await open(port)
    },
    [Symbol.asyncDispose]: stop,
  }
  return service
}

type Counts = { -readonly [K in keyof FarpService['counts']]: number }

function defaults(name: string, version: string): FarpServiceState {
  return { version, openapi: openapiOf(name, ['GET /'], version), manifest: {}, manifestStatus: 200, openapiStatus: 200, delay: 0 }
}

async function answer(
  service: FarpService,
  counts: Counts,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const { state } = service
  const path = (request.url ?? '').split('?')[0]!
  if (state.delay > 0) await new Promise((resolve) => setTimeout(resolve, state.delay))
  if (path === '/_farp/manifest') {
    counts.manifest++
    return answerDocument(response, state.manifestStatus, manifestOf(service))
  }
  if (path === '/openapi.json') {
    counts.openapi++
    return answerDocument(response, state.openapiStatus, state.openapiText ?? state.openapi)
  }
  const known = await answerOperation(service, { request, response, path })
  if (known) counts.operations++
  else if (path === '/health') {
    counts.health++
    answerJson(response, 200, { status: 'ok' })
  } else {
    counts.notFound++
    answerJson(response, 404, { error: 'not found', service: service.name })
  }
}

function manifestOf({ name, instanceId, openapiUrl, state }: FarpService): Record<string, unknown> {
  const manifest: Record<string, unknown> = {
    version: '1.0.0',
    service_name: name,
    service_version: state.version,
    instance_id: instanceId,
    schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: openapiUrl } }],
    capabilities: ['rest'],
    endpoints: { health: '/health', openapi: '/openapi.json' },
    ...state.manifest,
  }
  return Object.fromEntries(Object.entries(manifest).filter(([, value]) => value !== undefined))
}
