import { Hono } from 'hono'
import { basicGuard } from './auth/guard.ts'
import { connectionOf } from './connection.ts'
import { docs, docsAsset } from './routes/docs.ts'
import { emptyAsyncApi, emptyOpenApi, federated } from './routes/federated.ts'
import { health } from './routes/health.ts'
import { links } from './routes/links.ts'
import { metrics } from './routes/metrics.ts'
import { answerProvided, providedAt } from './provided.ts'
import { problem } from './answers.ts'
import { refuseForeignHost } from './host-guard.ts'
import { reload } from './routes/reload.ts'
import { routes } from './routes/routes.ts'
import { services } from './routes/services.ts'
import { settingsOf } from './options.ts'
import { upstreams } from './routes/upstreams.ts'
import type { AdminOptions, AdminSettings } from './options.ts'
import type { Connection } from './connection.ts'
import type { Context, MiddlewareHandler } from 'hono'
import type { Gateway, ProvidedEndpoint } from '@octopus-gateway/core'

/** The admin API as a Web-standard handler. */
export interface Admin {
  /**
   * Answers one request; never rejects. `env` is what the server knows about the connection: `{ incoming }` of `serveFetch()` of
   * `@octopus-gateway/node`. Without it all clients share one back-off, and without authentication only loopback Host names are answered.
   */
  fetch(request: Request, env?: unknown): Promise<Response>
}

interface AdminEnv {
  Bindings: { readonly connection: Connection }
}

type AdminApp = Hono<AdminEnv>

/**
 * Makes the admin API of a gateway: health, routes, services, upstreams, metrics, the federated OpenAPI and AsyncAPI documents and their page.
 * Throws a `ConfigError` that lists every invalid option. The handler does not listen: give it to a server, never to the traffic listener.
 */
export function createAdmin(gateway: Gateway, options: AdminOptions = {}): Admin {
  const settings = settingsOf(options)
  const app: AdminApp = new Hono<AdminEnv>()
  app.use(hardened)
  // Before the guard: probes carry no credential.
  get(app, '/_/health', () => health(gateway, settings.startedAt, settings.workers))
  app.use(provided(gateway, 'own', settings))
  app.use(guarded(settings))
  app.use(provided(gateway, 'admin', settings))
  addPages(app, gateway, settings)
  app.notFound(() => problem({ status: 404, code: 'NOT_FOUND', title: 'There is nothing here', detail: 'GET /_/ lists what there is.' }))
  app.onError((error) => {
    settings.log?.error('admin: a request failed', { error: error.message, stack: error.stack })
    return problem({ status: 500, code: 'INTERNAL', title: 'The admin API failed to answer; the log says why' })
  })
  return { fetch: async (request, env) => app.fetch(request, { connection: connectionOf(env) }) }
}

function addPages(app: AdminApp, gateway: Gateway, settings: AdminSettings): void {
  const openapi = federated(gateway, 'openapi', emptyOpenApi(settings.name))
  const asyncapi = federated(gateway, 'asyncapi', emptyAsyncApi(settings.name))
  get(app, '/', (c) => c.redirect('_/', 307))
  get(app, '/_', (c) => c.redirect('_/', 307))
  get(app, '/_/', (c) => links(c.req.raw, settings))
  get(app, '/_/routes', () => routes(gateway))
  get(app, '/_/services', () => services(gateway))
  get(app, '/_/upstreams', () => upstreams(gateway, settings.workers))
  get(app, '/_/openapi.json', (c) => openapi(c.req.raw))
  get(app, '/_/asyncapi.json', (c) => asyncapi(c.req.raw))
  get(app, '/_/docs', () => docs(settings.name))
  get(app, '/_/docs/', (c) => c.redirect('../docs', 307))
  get(app, '/_/docs/:file', (c) => docsAsset(c.req.raw, c.req.param('file') ?? ''))
  const run = settings.reload
  if (run !== undefined) only(app, 'POST', '/_/reload', (c) => reload(c.req.raw, run))
  if (settings.metrics !== undefined) {
    const { path, extra } = settings.metrics
    get(app, path, () => metrics(gateway, extra, settings.workers))
  }
}

/** What the gateway's sources serve, with this kind of access. */
function provided(gateway: Gateway, access: ProvidedEndpoint['access'], { log }: AdminSettings): MiddlewareHandler<AdminEnv> {
  const failed = (thrown: unknown): void =>
    log?.error("admin: a source's endpoint failed", { error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) })
  return async (c, next) => {
    const endpoint = providedAt(gateway, c.req.url)
    if (endpoint?.access === access) return answerProvided(endpoint, c.req.raw, { connection: c.env.connection, failed })
    await next()
    return undefined
  }
}

type Handler = (c: Context<AdminEnv>) => Response | Promise<Response>

/** A path that answers GET and HEAD. */
function get(app: AdminApp, path: string, handler: Handler): void {
  only(app, 'GET', path, handler)
}

/** A path that answers one method, GET with HEAD, and refuses every other one with 405 (RFC 9110, section 15.5.6). */
function only(app: AdminApp, method: 'GET' | 'POST', path: string, handler: Handler): void {
  const allow = method === 'GET' ? 'GET, HEAD' : method
  const title = method === 'GET' ? 'Only GET and HEAD are answered here' : `Only ${method} is answered here`
  app.on(method, path, handler)
  app.all(path, () => problem({ status: 405, code: 'METHOD_NOT_ALLOWED', title, headers: { allow } }))
}

/** Who may go further: holders of the credential, or without one configured whoever asks under this machine's own names. */
function guarded({ auth, log, allowedHosts }: AdminSettings): MiddlewareHandler<AdminEnv> {
  const guard = auth === undefined ? undefined : basicGuard(auth, log)
  return async (c, next) => {
    const { connection } = c.env
    const refusal = guard === undefined ? refuseForeignHost(c.req.raw, connection, allowedHosts) : await guard(c.req.raw, connection)
    if (refusal !== undefined) return refusal
    await next()
    return undefined
  }
}

/** Fields of every answer: no guessing of types, no framing, no reading or embedding by other sites, no referrer to them. */
const hardened: MiddlewareHandler<AdminEnv> = async (c, next) => {
  await next()
  const { headers } = c.res
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('cross-origin-resource-policy', 'same-origin')
  if (!headers.has('content-security-policy')) headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
}
