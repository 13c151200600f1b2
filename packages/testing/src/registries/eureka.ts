import { createServer } from 'node:http'
import { EurekaRegistry } from './eureka-registry.ts'
import { listen } from '../listen.ts'
import type { EurekaRegistration, EurekaStatus } from './eureka-registry.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Listening } from '../listen.ts'

/** What a Eureka server is made of. */
export interface EurekaOptions {
  /** Who may ask (HTTP Basic). Default: everybody. */
  readonly username?: string
  readonly password?: string
  /** How long a change is told among the changes. Milliseconds. Default three minutes. */
  readonly retention?: number
  /** Whether it tells changes at all. Default true. */
  readonly delta?: boolean
  /** Whether it takes no registrations. Default false. */
  readonly readOnly?: boolean
  /** A registry that several servers share, as replicas do. Default: one of its own. */
  readonly registry?: EurekaRegistry
}

/** A running Eureka server on 127.0.0.1 with the REST API that services and their readers use, in JSON. */
export interface Eureka extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:<port>/eureka`. */
  readonly url: string
  /** Connections open now. */
  readonly open: number
  /** `GET /eureka/apps/delta`… as they came. */
  readonly requests: readonly string[]
  readonly registry: EurekaRegistry
  /** Stops listening and cuts every connection. What is registered stays. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

const BODY_LIMIT = 1024 * 1024

/**
 * Starts what looks like a Eureka server: registration, renewal, status overrides, everything that is there, and what has changed with the hash of
 * everything. Leases do not run out. Rejects with the listen error.
 */
export async function startEureka(options: EurekaOptions = {}): Promise<Eureka> {
  const { username, password = '', retention = 180_000, delta = true, readOnly = false, registry = new EurekaRegistry() } = options
  const requests: string[] = []
  const credential = username === undefined ? null : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(`${request.method} ${request.url}`)
    const body = await bodyOf(request)
    if (credential !== null && request.headers.authorization !== credential)
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="Realm"' }).end()
    const url = new URL(request.url!, 'http://eureka')
    const [base, apps, ...path] = url.pathname
      .split('/')
      .slice(1)
      .filter((part) => part !== '')
      .map(decodeURIComponent)
    if (base !== 'eureka' || apps !== 'apps') return void response.writeHead(404).end()
    const [status, value] = answer({ method: request.method!, path, query: url.searchParams, body })
    if (value === undefined) return void response.writeHead(status).end()
    return void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }

  function answer({ method, path, query, body }: Asked): readonly [status: number, value?: unknown] {
    const [app, id, kind] = path
    if (method === 'GET' && app === undefined) return [200, registry.full()]
    if (method === 'GET' && app === 'delta' && id === undefined) return delta ? [200, registry.delta(retention)] : [403]
    if (app === undefined) return [405]
    if (readOnly && method !== 'GET') return [403]
    if (method === 'POST' && id === undefined) return register(app, body)
    if (id === undefined) return [405]
    const found = (isKnown: boolean): readonly [number] => [isKnown ? 200 : 404]
    const value = (query.get('value') ?? undefined) as EurekaStatus | undefined
    if (kind === 'status') return found(method === 'DELETE' ? registry.release(app, id, value) : registry.override(app, id, value!))
    if (method === 'PUT') return found(registry.renew(app, id))
    if (method === 'DELETE') return found(registry.cancel(app, id))
    const instance = registry.get(app, id)
    return method === 'GET' ? (instance === undefined ? [404] : [200, { instance }]) : [405]
  }

  function register(app: string, body: string): readonly [number, unknown?] {
    const { instance } = JSON.parse(body) as { readonly instance?: EurekaRegistration }
    if (instance === undefined || instance.hostName === undefined) return [400, { error: 'Missing hostname' }]
    if (instance.ipAddr === undefined) return [400, { error: 'Missing ip address' }]
    if (instance.dataCenterInfo?.name === undefined) return [400, { error: 'Missing dataCenterInfo Name' }]
    // It names the Java class to read the rest with.
    if (instance.dataCenterInfo['@class'] === undefined) return [400, { error: 'cannot parse request body' }]
    if (instance.app?.toUpperCase() !== app.toUpperCase())
      return [400, { error: `Mismatched appName, expecting ${app} but was ${instance.app}` }]
    registry.register(instance)
    return [204]
  }

  const open = (port: number): Promise<Listening> =>
    listen(
      createServer(
        (request, response) =>
          void serve(request, response).catch((thrown: unknown) => {
            if (!response.destroyed) response.writeHead(500).end(String(thrown))
          }),
      ),
      port,
    )
  let listening: Listening | undefined = (await open(0)) as Listening | undefined
  const { port, origin } = listening!
  const stop = async (): Promise<void> => {
    const last = listening
    listening = undefined
    await last?.close()
  }
  return {
    port,
    url: `${origin}/eureka`,
    get open() {
      return listening?.open ?? 0
    },
    requests,
    registry,
    stop,
    async start() {
      listening ??= await open(port)
    },
    [Symbol.asyncDispose]: stop,
  }
}

interface Asked {
  readonly method: string
  /** Segments behind `/apps/`, decoded. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: string
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_LIMIT) throw new Error('The body is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
