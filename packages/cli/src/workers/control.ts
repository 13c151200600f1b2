import { availableParallelism } from 'node:os'
import { createWorkers, WorkerError } from '@octopus-gateway/node'
import { Ending } from '../exit.ts'
import { WORKER_FILE } from '../worker-file.ts'
import { workerConfiguration } from './configuration.ts'
import type { Console, Server, Workers } from '@octopus-gateway/node'
import type { LoadedConfig } from '@octopus-gateway/config'
import type { Service } from '../service.ts'

/** How many processes are to carry the traffic. */
export function workersOf({ server }: LoadedConfig): number {
  return server.workers === 'auto' ? availableParallelism() : server.workers
}

/** The workers of a gateway, not started yet. Their log goes to `output`. */
export function workersFor({ config, gateway, io, log }: Omit<Service, 'reloading'>, output: Console): Workers {
  return createWorkers(gateway, {
    count: workersOf(config),
    configuration: workerConfiguration(config, config, io),
    log,
    file: WORKER_FILE,
    env: io.env,
    write: (lines) => output.write(lines),
  })
}

/** Starts workers in the place of traffic listeners. */
export async function startWorkers(workers: Workers, { log }: Service): Promise<Pick<Server, 'url' | 'tls' | 'close'>> {
  try {
    const { url, tls } = await workers.start()
    log.warn('limits count per worker', { workers: workers.list().length })
    return { url, tls, close: (how) => workers.close(how) }
  } catch (error) {
    // What ends a worker with words of its own ends this process with the same.
    if (error instanceof WorkerError && typeof error.code === 'number') throw new Ending(error.code, error.message)
    throw error
  }
}
