import { CONFIG, configurationOf, HELP, readyOf } from '../configuration.ts'
import { createConsole } from '@octopus-gateway/node'
import { createGateway } from '@octopus-gateway/core'
import { EXIT } from '../exit.ts'
import { announce, announceStop, followRoutes } from '../announce.ts'
import { startAdmin, startTraffic } from '../listeners.ts'
import { stopOf } from '../stop.ts'
import type { Command } from './command.ts'
import type { Service } from '../service.ts'

/** `octopus serve`, or no command at all. */
export const serve: Command = {
  name: 'serve',
  summary: 'Start the gateway. This is what happens without a command.',
  details: 'SIGINT and SIGTERM stop it: running requests end first, and the exit code is 0. A second signal ends it at once.',
  options: { config: CONFIG, help: HELP },
  async run(args, io) {
    const stop = stopOf(io)
    try {
      const config = await configurationOf(args, io)
      const output = createConsole({ ...config.logging, stream: io.stdout })
      try {
        const { log, accessLog } = output
        await serveUntil(stop.asked, {
          config,
          io,
          gateway: createGateway({ ...config.gateway, log, ...(accessLog === undefined ? {} : { accessLog }) }),
          log,
        })
      } finally {
        await output.flush()
      }
      return EXIT.ok
    } finally {
      stop.release()
    }
  },
}

async function serveUntil(asked: Promise<void>, service: Service): Promise<void> {
  const { gateway } = service
  const closers: (() => Promise<void>)[] = [async () => gateway[Symbol.asyncDispose]()]
  try {
    const routes = followRoutes(service)
    closers.push(() => Promise.resolve(routes[Symbol.dispose]()))
    // Admin comes first: health answers while the gateway is still getting ready.
    const admin = await startAdmin(service)
    if (admin !== undefined) closers.push(() => admin.close({ grace: '1s' }))
    await readyOf(gateway, service.config)
    const traffic = await startTraffic(service)
    closers.push(() => traffic.close(service.config.shutdown))
    announce(service, { traffic, admin })
    await asked
    announceStop(service)
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}
