import { createConsole } from '@octopus-gateway/node'
import { importModule, readyOf } from '../configuration.ts'
import { loadConfig } from '@octopus-gateway/config'
import { openTraffic } from '../listeners.ts'
import { followingTraffic } from '../reload/traffic.ts'
import type { GatewayOptions, LogLevel } from '@octopus-gateway/core'
import type { LoadedConfig, ServerSettings } from '@octopus-gateway/config'
import type { PreparedChange, WorkerOrders, WorkerService } from '@octopus-gateway/node'
import type { WorkerConfiguration } from './configuration.ts'

/** A worker of the command: data plane only, made from what the control process has read. */
export async function startWorker(orders: WorkerOrders): Promise<WorkerService> {
  const { server, logging, ...given } = orders.configuration as WorkerConfiguration
  const config = await load(given)
  const output = createConsole(logging)
  const { log } = output
  const optionsOf = (from: LoadedConfig, level: LogLevel): GatewayOptions => {
    const accessLog = output.accessLogAt(level)
    return { ...from.gateway, log, ...(accessLog === undefined ? {} : { accessLog }) }
  }
  const gateway = orders.gateway(optionsOf(config, logging.level))
  await readyOf(gateway, config)
  await orders.settled(gateway)
  const traffic = await openTraffic({ config: { ...config, server: shared(server, orders) }, gateway })
  return {
    gateway,
    listening: { url: traffic.url, port: traffic.port, tls: traffic.tls },
    prepare: async (configuration): Promise<PreparedChange> => {
      const next = configuration as WorkerConfiguration
      const options = orders.supplied(optionsOf(await load(next), next.logging.level))
      const change = await followingTraffic(traffic).prepare({ server: shared(next.server, orders) })
      await gateway.update(options, { dryRun: true })
      return {
        commit: async () => {
          await gateway.update(options)
          output.level = next.logging.level
          change()
        },
        abandon: async () => {},
      }
    },
    async close(how) {
      await traffic.close(how)
      await gateway[Symbol.asyncDispose]()
      await output.flush()
    },
  }
}

function load({ sources, isTerminal }: Pick<WorkerConfiguration, 'sources' | 'isTerminal'>): Promise<LoadedConfig> {
  return loadConfig(sources, { env: process.env, isTerminal, import: importModule })
}

/** The same listeners as the other workers have. */
function shared(server: ServerSettings, { ports, ticketSecret }: WorkerOrders): ServerSettings {
  const { tls } = server
  const secure = tls === undefined ? {} : { tls: { ...tls, port: ports?.tls?.port ?? tls.port, ticketSecret } }
  return { ...server, port: ports?.port ?? server.port, ...secure }
}
