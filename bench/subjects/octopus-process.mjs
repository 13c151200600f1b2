// The gateway as a process: node octopus-process.mjs '<settings as JSON>'. The settings are what subjects/octopus.mjs sends.
import { cpus } from 'node:os'
import { createConsole, serve } from '@octopus-gateway/node'
import { createGateway } from '@octopus-gateway/core'
import { readFileSync } from 'node:fs'
import cluster from 'node:cluster'
import { pluginsFor } from './octopus-plugins.mjs'

const settings = JSON.parse(process.argv[2])

/** The routes under test: one for everything, or many, of which every one is asked for. */
function routesOf({ routes, upstreams }, round = 0) {
  if (routes === undefined) return [{ path: '/*', upstream: 'u0' }]
  return Array.from({ length: routes }, (_, i) => {
    const base = `/service-${i % 100}/resource-${i}`
    const path = [base, `${base}/{id}`, `${base}/{id}/items/{item}`][i % 3]
    return { path, methods: ['GET'], upstream: `u${i % upstreams.length}`, ...(round % 2 === 1 ? { tags: ['changed'] } : {}) }
  })
}

function optionsOf({ upstreams, protocol, log, metrics }, routes, plugins) {
  const { accessLog } = log ? createConsole({ level: 'info', format: 'json' }) : {}
  return {
    upstreams: Object.fromEntries(
      upstreams.map((origin, i) => [`u${i}`, { endpoints: [origin], ...(protocol === undefined ? {} : { protocol }) }]),
    ),
    routes,
    plugins,
    metrics,
    ...(accessLog === undefined ? {} : { accessLog }),
  }
}

async function run() {
  const options = optionsOf(settings, routesOf(settings), await pluginsFor(settings.plugins))
  const gateway = createGateway(options)
  const { port, tls, serving } = settings
  await serve(gateway, {
    port,
    host: '127.0.0.1',
    limits: { connections: 20_000 },
    ...(tls === undefined
      ? {}
      : { tls: { port: tls.port, certificates: [{ cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') }] } }),
    ...serving,
  })
  // A table of `rebuild` routes is built again and again between two of these signals.
  let round = 0
  let rebuilding = null
  process.on('SIGUSR2', async () => {
    if (rebuilding !== null) return rebuilding.abort()
    rebuilding = new AbortController()
    for (const { signal } = rebuilding; !signal.aborted; round++) {
      const routes = [...routesOf({ ...settings, routes: settings.rebuild }, round), { path: '/*', upstream: 'u0' }]
      const startedAt = performance.now()
      await gateway.update({ ...options, routes })
      console.log(JSON.stringify({ rebuiltMs: performance.now() - startedAt }))
    }
    rebuilding = null
    return undefined
  })
}

if (settings.workers !== undefined && cluster.isPrimary) {
  for (let i = 0; i < Math.min(settings.workers, cpus().length); i++) cluster.fork()
} else await run()
