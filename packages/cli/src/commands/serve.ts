import { CONFIG, HELP, readyOf } from '../configuration.ts'
import { createConsole, fileStore } from '@octopus-gateway/node'
import { resolve } from 'node:path'
import { createGateway, type GatewayOptions, type SnapshotDiff } from '@octopus-gateway/core'
import { EXIT } from '../exit.ts'
import { announce, announceStop, followRoutes } from '../announce.ts'
import { startAdmin, startTraffic } from '../listeners.ts'
import { Loader, type LoaderOptions } from '../reload/loader.ts'
import { followingLevel } from '../reload/level.ts'
import { workersFor, workersOf } from '../workers/control.ts'
import { workerConfiguration } from '../workers/configuration.ts'
import { startReloading } from '../reload/start.ts'
import { stopOf } from '../stop.ts'
import type { Arguments, OptionSpec } from '../arguments.ts'
import type { Command } from './command.ts'
import type { Io } from '../io.ts'
import type { LoadedConfig } from '@octopus-gateway/config'
import type { Service } from '../service.ts'

const NO_WATCH: OptionSpec = { type: 'boolean', description: 'Do not reload when a file changes; SIGHUP and POST /_/reload still do.' }

/** `octopus serve`, or no command at all. */
export const serve: Command = {
  name: 'serve',
  summary: 'Start the gateway. This is what happens without a command.',
  details:
    'SIGINT and SIGTERM stop it: running requests end first, and the exit code is 0. A second signal ends it at once.\n' +
    'A change of the files, or SIGHUP, puts them in the place of what runs, without a lost request; what is wrong changes nothing.',
  options: { config: CONFIG, 'no-watch': NO_WATCH, help: HELP },
  run: (args, io) => serveWith(args, io, { freshModules: false }),
}

/** Serves until a signal stops it, and gives the exit code. */
export async function serveWith(args: Arguments, io: Io, how: LoaderOptions): Promise<number> {
  const stop = stopOf(io)
  try {
    const loader = new Loader(args, io, how)
    const config = await loader.load()
    const output = createConsole({ ...config.logging, stream: io.stdout })
    try {
      const { log } = output
      // Modules that are to be loaded anew have to be in this process.
      const hasWorkers = workersOf(config) > 1 && !how.freshModules
      const optionsOf = ({ gateway, logging }: LoadedConfig): GatewayOptions => {
        const accessLog = hasWorkers ? undefined : output.accessLogAt(logging.level)
        return { ...gateway, log, ...(accessLog === undefined ? {} : { accessLog }) }
      }
      const store = fileStore(resolve(io.cwd, config.store.path), { log })
      const gateway = createGateway({ ...optionsOf(config), store })
      const workers = hasWorkers ? workersFor({ config, gateway, io, log }, output) : undefined
      const reloading = startReloading({
        config,
        loader,
        isWatching: args.options['no-watch'] === undefined,
        update: (next, how) => {
          const apply = (): Promise<SnapshotDiff> => gateway.update(optionsOf(next), how)
          return workers === undefined || how.dryRun ? apply() : workers.update(workerConfiguration(next, config, io), apply)
        },
        io,
        log,
      })
      reloading.follow(followingLevel(output))
      await serveUntil(stop.asked, { config, io, gateway, log, reloading, ...(workers === undefined ? {} : { workers }) })
    } finally {
      await output.flush()
    }
    return EXIT.ok
  } finally {
    stop.release()
  }
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
    closers.push(() => traffic.close(service.reloading.reloader.current.shutdown))
    announce(service, { traffic, admin })
    await asked
    announceStop(service)
  } finally {
    service.reloading.stop()
    for (const close of closers.toReversed()) await close()
  }
}
