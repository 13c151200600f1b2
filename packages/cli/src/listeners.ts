import { followingAdmin, followingAdminTls } from './reload/admin.ts'
import { followingTraffic } from './reload/traffic.ts'
import { listen } from './listen.ts'
import { serve, serveFetch } from '@octopus-gateway/node'
import type { Listening, Server } from '@octopus-gateway/node'
import { startWorkers } from './workers/control.ts'
import type { Service } from './service.ts'

/** Opens the admin listener, if there is to be one. */
export async function startAdmin(service: Service): Promise<Listening | undefined> {
  const { admin } = service.config
  if (!admin.enabled) return undefined
  const { host, port, tls } = admin
  const { log } = service
  const app = followingAdmin(service)
  const listening = await listen([{ what: 'admin', key: 'server.admin_port (or admin.address)', host, port }], () =>
    serveFetch(app, { host, port, log, ...(tls === undefined ? {} : { tls }) }),
  )
  service.reloading.follow(followingAdminTls(listening))
  return listening
}

/** Opens the traffic listeners: HTTP, and TLS where there is to be one. */
export async function startTraffic(service: Service): Promise<Traffic> {
  if (service.workers !== undefined) return startWorkers(service.workers, service)
  const traffic = await openTraffic(service)
  service.reloading.follow(followingTraffic(traffic))
  return traffic
}

/** What carries the traffic, wherever it does. */
export type Traffic = Pick<Server, 'url' | 'tls' | 'close'>

/** Opens them in this process. */
export function openTraffic({ config, gateway }: Pick<Service, 'config' | 'gateway'>): Promise<Server> {
  const { host, port, tls } = config.server
  const secure = tls === undefined ? [] : [{ what: 'TLS', key: 'server.https_port', host, port: tls.port }]
  return listen([{ what: 'traffic', key: 'server.http_port', host, port }, ...secure], () => serve(gateway, config.server))
}
