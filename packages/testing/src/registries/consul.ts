import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { ConsulAgent, Refused } from './consul-agent.ts'
import { ConsulCatalog } from './consul-catalog.ts'
import { consulRoute, waitOf } from './consul-routes.ts'
import { listen } from '../listen.ts'
import type { ConsulAnswer, ConsulRequest } from './consul-routes.ts'
import type { ConsulRegistration } from './consul-agent.ts'
import type { ConsulService } from './consul-catalog.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Listening } from '../listen.ts'

/** What a Consul agent is made of. */
export interface ConsulOptions {
  /** Tokens that may do everything. Given any, requests without one see nothing, and other tokens are refused. Default none: no access control. */
  readonly tokens?: readonly string[]
  /** Tokens that may only read, and only services whose names begin like this. */
  readonly readers?: Readonly<Record<string, string>>
  /** Default `dc1`. */
  readonly datacenter?: string
  /** Default `node-1`. */
  readonly node?: string
  /** Whether namespaces can be asked for. Default false: such questions are refused, as by the free edition. */
  readonly namespaces?: boolean
  /** Speaks TLS with this certificate; with `ca`, only to clients whose certificate it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** The longest time that a question may wait. Milliseconds. Default ten minutes. */
  readonly maxQueryTime?: number
}

/** A request as it was received. */
export interface ConsulLogged {
  readonly method: string
  /** With query. */
  readonly url: string
  readonly token: string | undefined
}

/** A running agent on 127.0.0.1 with the HTTP API that services and their readers use. */
export interface Consul extends AsyncDisposable {
  readonly port: number
  /** `127.0.0.1:<port>`. */
  readonly address: string
  /** Connections open now. */
  readonly open: number
  readonly requests: readonly ConsulLogged[]
  readonly agent: ConsulAgent
  readonly catalog: ConsulCatalog
  /** Registers a service directly, also while it is stopped. Throws what the API would answer. */
  register(service: ConsulRegistration): void
  deregister(id: string): void
  /** Answers every request with this status and text from now on; `null` ends that. */
  failWith(failure: { readonly status: number; readonly text: string } | null): void
  /** Stops listening and cuts every connection. What is registered stays. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

const BODY_LIMIT = 1024 * 1024

/**
 * Starts what looks like a Consul agent: services, TTL checks, maintenance, catalog and health with blocking queries, the key-value store, tokens.
 * Rejects with the listen error.
 */
export async function startConsul(options: ConsulOptions = {}): Promise<Consul> {
  const { tokens = [], readers = {}, datacenter = 'dc1', node = 'node-1', namespaces = false, maxQueryTime = 600_000, tls } = options
  const catalog = new ConsulCatalog()
  const agent = new ConsulAgent(catalog, node)
  const parts = { catalog, agent, node, datacenter }
  const requests: ConsulLogged[] = []
  let failure: Parameters<Consul['failWith']>[0] = null

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.headers['x-consul-token'] ?? /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    requests.push({ method: request.method!, url: request.url!, token: token as string | undefined })
    if (tokens.length > 0) response.setHeader('x-consul-default-acl-policy', 'deny')
    if (failure !== null) throw new Refused(failure.status, failure.text)
    const asked = await requestOf(request)
    if (asked === null) return void response.writeHead(301, { location: request.url!.replaceAll(/\/{2,}/g, '/') }).end()
    judge(asked)
    const isAnonymous = tokens.length > 0 && token === undefined
    const prefix = token === undefined ? undefined : new Map(Object.entries(readers)).get(token as string)
    if (tokens.length > 0 && !isAnonymous && prefix === undefined && !tokens.includes(token as string))
      throw new Refused(403, 'ACL not found')
    if ((isAnonymous || prefix !== undefined) && (asked.method !== 'GET' || asked.path[0] === 'kv'))
      throw new Refused(
        403,
        isAnonymous
          ? 'Permission denied: anonymous token lacks permission. The anonymous token is used implicitly when a request does not specify a token.'
          : 'Permission denied: token lacks permission',
      )
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const answer = await blocking(asked, gone.signal)
    if (gone.signal.aborted) return
    const sees = (service: string): boolean => !isAnonymous && (prefix === undefined || service.startsWith(prefix))
    const value = visible(answer.value, sees)
    // That something is hidden is told to those who have a token only.
    if (prefix !== undefined && sizeOf(value) < sizeOf(answer.value)) response.setHeader('x-consul-results-filtered-by-acls', 'true')
    write(response, { ...answer, value })
  }

  function judge({ query }: ConsulRequest): void {
    const wanted = query.get('dc')
    if (wanted !== null && wanted !== datacenter) throw new Refused(500, 'No path to datacenter')
    if (query.has('ns') && !namespaces) throw new Refused(400, 'Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature')
    if (query.has('stale') && query.has('consistent'))
      throw new Refused(400, 'Cannot specify ?stale with ?consistent, conflicting semantics.')
  }

  /** Waits while the client has seen everything, then answers with what is there. */
  async function blocking(asked: ConsulRequest, gone: AbortSignal): Promise<ConsulAnswer> {
    const seen = Number(asked.query.get('index') ?? 0)
    const first = consulRoute(parts, asked)
    if (first === null) throw new Refused(404, '')
    if (first.index === undefined || !(seen > 0)) return first
    const over = AbortSignal.any([gone, AbortSignal.timeout(waitOf(asked.query, maxQueryTime))])
    while (first.index() <= seen) if ((await catalog.next(over)) !== 'written') break
    return consulRoute(parts, asked)!
  }

  const handler = (request: IncomingMessage, response: ServerResponse): void =>
    void serve(request, response).catch((thrown: unknown) => refuse(response, thrown))
  const open = (port: number): Promise<Listening> =>
    listen(tls === undefined ? createServer(handler) : createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, handler), port)
  let listening: Listening | undefined = (await open(0)) as Listening | undefined
  const { port } = listening!
  const stop = async (): Promise<void> => {
    const last = listening
    listening = undefined
    await last?.close()
  }
  return {
    port,
    address: `127.0.0.1:${port}`,
    get open() {
      return listening?.open ?? 0
    },
    requests,
    agent,
    catalog,
    register: (service) => agent.register(service),
    deregister: (id) => agent.deregister(id),
    failWith: (next) => void (failure = next),
    stop,
    async start() {
      listening ??= await open(port)
    },
    async [Symbol.asyncDispose]() {
      agent.close()
      await stop()
    },
  }
}

/** The request with its body, or `null` where the path has empty segments, which Consul redirects. */
async function requestOf(request: IncomingMessage): Promise<ConsulRequest | null> {
  const { pathname, searchParams } = new URL(request.url!, 'http://consul')
  if (pathname.includes('//')) return null
  if (!pathname.startsWith('/v1/')) throw new Refused(404, '')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_LIMIT) throw new Refused(413, 'Request body too large')
    chunks.push(chunk)
  }
  const path = pathname.slice('/v1/'.length).split('/').map(decodeURIComponent)
  return { method: request.method!, path, query: searchParams, body: Buffer.concat(chunks) }
}

/** What is left of services, by name or in a list, for somebody who does not see all of them. */
function visible(value: unknown, sees: (service: string) => boolean): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value))
    return value.filter(({ Service, ServiceName }: { readonly Service?: ConsulService; readonly ServiceName?: string }) =>
      sees(Service?.Service ?? ServiceName ?? ''),
    )
  return Object.fromEntries(
    Object.entries(value).filter(([name, { Service = name }]: [string, { readonly Service?: string }]) => sees(Service)),
  )
}

const sizeOf = (value: unknown): number => (typeof value === 'object' && value !== null ? Object.keys(value).length : 0)

function write(response: ServerResponse, { value, index }: ConsulAnswer): void {
  const head: Record<string, string> = {}
  if (index !== undefined) {
    Object.assign(head, { 'x-consul-index': String(index()), 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' })
  }
  if (value === undefined) return void response.writeHead(404, head).end()
  if (Buffer.isBuffer(value)) return void response.writeHead(200, { ...head, 'content-type': 'application/octet-stream' }).end(value)
  if (value === '') return void response.writeHead(200, head).end()
  return void response.writeHead(200, { ...head, 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function refuse(response: ServerResponse, thrown: unknown): void {
  if (response.destroyed) return
  const status = thrown instanceof Refused ? thrown.status : 500
  response.writeHead(status, { 'content-type': 'text/plain' }).end(thrown instanceof Error ? thrown.message : String(thrown))
}
