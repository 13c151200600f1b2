import { createConsole } from '@octopus-gateway/node'
import { pluginsFor } from './octopus-plugins.mjs'
import { readFileSync } from 'node:fs'

/** The routes under test: one for everything, or many, of which every one is asked for. */
export function routesOf({ routes, upstreams }, round = 0) {
  if (routes === undefined) return [{ path: '/*', upstream: 'u0' }]
  return Array.from({ length: routes }, (_, i) => {
    const base = `/service-${i % 100}/resource-${i}`
    const path = [base, `${base}/{id}`, `${base}/{id}/items/{item}`][i % 3]
    return { path, methods: ['GET'], upstream: `u${i % upstreams.length}`, ...(round % 2 === 1 ? { tags: ['changed'] } : {}) }
  })
}

/** What the gateway is made of, by the settings that subjects/octopus.mjs sends. */
export async function optionsOf(settings) {
  const { upstreams, protocol, log, metrics } = settings
  const { accessLog } = log ? createConsole({ level: 'info', format: 'json' }) : {}
  return {
    upstreams: Object.fromEntries(
      upstreams.map((origin, i) => [`u${i}`, { endpoints: [origin], ...(protocol === undefined ? {} : { protocol }) }]),
    ),
    routes: routesOf(settings),
    plugins: await pluginsFor(settings.plugins),
    metrics,
    ...(accessLog === undefined ? {} : { accessLog }),
  }
}

/** How it listens. */
export function servingOf({ port, tls, serving }) {
  return {
    port,
    host: '127.0.0.1',
    limits: { connections: 20_000 },
    ...(tls === undefined
      ? {}
      : { tls: { port: tls.port, certificates: [{ cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') }] } }),
    ...serving,
  }
}
