import { createAdmin } from '@octopus-gateway/admin'
import { listen } from './listen.ts'
import { processMetrics, serve, serveFetch } from '@octopus-gateway/node'
import type { Listening, Server } from '@octopus-gateway/node'
import type { Service } from './service.ts'

/** Opens the admin listener, if there is to be one. */
export async function startAdmin({ config, gateway, log }: Service): Promise<Listening | undefined> {
  const { admin, metrics } = config
  if (!admin.enabled) return undefined
  const app = createAdmin(gateway, {
    ...(admin.auth === undefined ? {} : { auth: admin.auth }),
    metrics: metrics.enabled ? { path: metrics.path, extra: [processMetrics()] } : false,
    log,
  })
  const { host, port } = admin
  return listen([{ what: 'admin', key: 'server.admin_port (or admin.address)', host, port }], () => serveFetch(app, { host, port }))
}

/** Opens the traffic listeners: HTTP, and TLS where there is to be one. */
export function startTraffic({ config, gateway }: Service): Promise<Server> {
  const { host, port, tls } = config.server
  const secure = tls === undefined ? [] : [{ what: 'TLS', key: 'server.https_port', host, port: tls.port }]
  return listen([{ what: 'traffic', key: 'server.http_port', host, port }, ...secure], () => serve(gateway, config.server))
}
