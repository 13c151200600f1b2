import { createGateway, definePlugin, HeaderList } from '@octopus-gateway/core'
import { auth, compression, cors, rateLimit, requestId } from '@octopus-gateway/core/plugins'

/** A schema of Standard Schema that takes everything: these plugins have nothing to configure. */
const anything = { '~standard': { version: 1, vendor: 'runtimes', validate: (value) => ({ value }) } }

const plugin = (name, hooks) => definePlugin({ name, config: anything, setup: () => hooks })(undefined)

/** Notes the phases of requests that carry `x-test`; `/phases/<its value>` tells them. */
function recorder() {
  const notes = new Map()
  const note = (ctx, text) => {
    const name = ctx.request.headers.get('x-test')
    if (name !== undefined) notes.set(name, [...(notes.get(name) ?? []), text])
  }
  const hooks = {
    async onRequest(ctx) {
      note(ctx, `request ${ctx.route.path}`)
      await Promise.resolve()
      if (!ctx.request.headers.has('x-refuse')) return undefined
      return { status: 403, headers: HeaderList.from([['content-type', 'text/plain']]), body: 'refused' }
    },
    onUpstreamRequest(ctx, head) {
      note(ctx, 'upstream request')
      head.headers.set('x-from-gateway', 'yes')
    },
    onUpstreamResponse: (ctx, head) => note(ctx, `upstream response ${head.status}`),
    onResponse(ctx, head) {
      note(ctx, `response ${head.status}`)
      head.headers.set('x-phase', 'onResponse')
    },
    onError: (ctx, error) => note(ctx, `error ${error.code}`),
    onFinish(ctx, { status, bytesOut, error }) {
      note(ctx, `finish ${status} ${bytesOut}${error === undefined ? '' : ` ${error.code}`}`)
    },
  }
  return { plugin: plugin('recorder', hooks), of: (name) => notes.get(name) ?? [] }
}

/** A Hono middleware: it sees parameters and the gateway's context, reads a body, answers by itself, and changes an answer in place. */
const middleware = plugin('middleware', {
  async middleware(c, next) {
    if (c.req.query('stop') !== undefined) return c.json({ stopped: c.req.param('id') }, 202)
    const read = c.req.method === 'POST' ? await c.req.text() : ''
    await next()
    c.res.headers.set('x-middleware', `${c.req.param('id')} ${c.get('octopus').route.path} ${read.length}`)
    return undefined
  },
})

/** Knows two callers by the field `authorization`. */
const callers = {
  name: 'callers',
  identity: { name: 'callers', version: '1.0.0', config: null },
  setup: () => ({
    scheme: 'Bearer',
    async authenticate(ctx) {
      const [, name] = /^Bearer (ann|bob)$/.exec(ctx.request.headers.get('authorization') ?? '') ?? []
      if (name === undefined) return null
      return { provider: 'callers', principal: name, roles: name === 'ann' ? ['admin'] : [], scopes: [], claims: {} }
    },
  }),
}

/** The policies of core, in the usual order. */
const policies = [
  requestId(),
  auth({ providers: [callers] }),
  rateLimit({ rate: 3, per: '1h', key: 'header:x-client' }),
  cors({ allowedOrigins: ['https://shop.example'] }),
  compression({ minSize: 100 }),
]

/**
 * What every runtime serves in the same way.
 * @param {string} service the origin of a service
 * @param {string} closed an origin where nobody listens
 */
export function gatewayFor(service, closed) {
  const recorded = recorder()
  const options = {
    plugins: [recorded.plugin],
    upstreams: {
      service: { endpoints: [service] },
      closed: { endpoints: [closed], retries: 0 },
      phases: (request) => Response.json(recorded.of(new URL(request.url).pathname.split('/')[2])),
      hello: async (request) => new Response(`hello ${await request.text()}`, { headers: { 'x-function': request.method } }),
      metrics: () => new Response(gateway.metrics.exposition()),
      update: async () => {
        const routes = [...options.routes, { path: '/late', upstream: 'hello' }]
        return Response.json(await gateway.update({ ...options, routes }))
      },
    },
    routes: [
      { path: '/echo/*', upstream: 'service' },
      { path: '/users/{id}', methods: ['GET', 'POST'], upstream: 'service' },
      { path: '/users/me', methods: ['GET'], upstream: 'service', rewrite: { addPrefix: '/literal' } },
      { path: '/api/v1/*', upstream: 'service', rewrite: { stripPrefix: '/api', addPrefix: '/internal' } },
      { path: '/hosted', host: 'api.example.com', upstream: 'service', rewrite: { addPrefix: '/by-host' } },
      { path: '/stream/*', upstream: 'service' },
      { path: '/silent', upstream: 'service', timeout: '150ms' },
      { path: '/closed', upstream: 'closed' },
      { path: '/hono/:id', upstream: 'service', plugins: [middleware] },
      { path: '/policed/admin', upstream: 'service', plugins: policies, auth: { roles: ['admin'] } },
      { path: '/policed/*', upstream: 'service', plugins: policies },
      { path: '/hello', upstream: 'hello' },
      { path: '/phases/:name', upstream: 'phases' },
      { path: '/metrics', upstream: 'metrics' },
      { path: '/update', methods: ['POST'], upstream: 'update' },
    ],
  }
  const gateway = createGateway(options)
  return gateway
}
