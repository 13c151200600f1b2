import { printDiff, say } from './print.ts'
import { packageVersion } from './version.ts'
import type { Listening } from '@octopus-gateway/node'
import type { Traffic } from './listeners.ts'
import type { Service } from './service.ts'

/** The listeners that are open. */
export interface Listeners {
  readonly traffic: Traffic
  readonly admin: Listening | undefined
}

/** Says where everything is: in words to a person, as a log line otherwise. */
export function announce(service: Service, { traffic, admin }: Listeners): void {
  const { config, io, log } = service
  const adminUrl = admin?.url
  if (!isForPeople(service)) {
    log.info('gateway started', { version: packageVersion(), url: traffic.url, tls: traffic.tls?.url ?? null, admin: admin?.url ?? null })
    return
  }
  const rows = [
    ['Gateway', traffic.url],
    ...(traffic.tls === undefined ? [] : [['', traffic.tls.url]]),
    ...(adminUrl === undefined
      ? []
      : [
          ['Docs', `${adminUrl}/_/docs`],
          ['Routes', `${adminUrl}/_/routes`],
          ['Health', `${adminUrl}/_/health`],
        ]),
    ...(adminUrl === undefined || !config.metrics.enabled ? [] : [['Metrics', `${adminUrl}${config.metrics.path}`]]),
  ]
  say(io, [`octopus ${packageVersion()}`, ...rows.map(([name, where]) => `  ${name!.padEnd(8)} ${where}`), '  Ctrl-C stops it.'].join('\n'))
}

/** Says that a stop was asked for and what is being waited for. */
export function announceStop(service: Service): void {
  if (isForPeople(service)) say(service.io, 'Stopping: running requests end first. Once more stops at once.')
  else service.log.info('gateway stopping')
}

/** Tells every change of the routes. */
export function followRoutes(service: Service): Disposable {
  const { gateway, io, log } = service
  return gateway.on('snapshot', (next, _previous, diff) => {
    if (isForPeople(service)) return printDiff(io, diff)
    log.info('routes changed', {
      generation: next.generation,
      routes: next.routes.length,
      added: diff.added.length,
      removed: diff.removed.length,
      changed: diff.changed.length,
    })
  })
}

/** Free words between lines of JSON would break whoever reads those. */
function isForPeople({ config, io }: Service): boolean {
  return io.isTerminal && config.logging.format === 'text'
}
