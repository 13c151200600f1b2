import type { Gateway, Logger } from '@octopus-gateway/core'
import type { Probes } from './probes.ts'

/** Warns, once each, of routes that nobody reaches because their path is that of a probe. */
export function warnOfHidden(gateway: Gateway, probes: Probes, log: Logger): Disposable {
  const told = new Set<string>()
  const look = (): void => {
    const hidden = probes.hidden(gateway.snapshot)
    for (const { path, route } of hidden) {
      if (!told.has(route)) log.warn('a probe hides a route: move the probe (server.probes) or the route', { path, route })
      told.add(route)
    }
    if (hidden.length === 0) told.clear()
  }
  look()
  return gateway.on('snapshot', look)
}
