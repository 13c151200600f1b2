import { CONFIG, configurationOf, HELP, readyOf } from '../configuration.ts'
import { createGateway, staticDiscovery } from '@octopus-gateway/core'
import { EXIT } from '../exit.ts'
import { complain, say } from '../print.ts'
import type { Command } from './command.ts'
import type { Io } from '../io.ts'
import type { Gateway } from '@octopus-gateway/core'
import type { LoadedConfig } from '@octopus-gateway/config'

/** `octopus validate` */
export const validate: Command = {
  name: 'validate',
  summary: 'Check configuration files without starting anything.',
  details: 'Prints every problem with file, line and column. No port is opened, and no service or registry is contacted.',
  options: { config: CONFIG, help: HELP },
  async run(args, io) {
    const config = await configurationOf(args, io)
    // Providers and sources would reach out to services; everything else of the gateway is built as it would be to serve.
    const gateway = createGateway({ ...config.gateway, discovery: [staticDiscovery([])], sources: [] })
    try {
      await readyOf(gateway, config)
      warnOfHidden(io, gateway, config)
    } finally {
      await gateway[Symbol.asyncDispose]()
    }
    say(io, `OK: ${summary(config)}`)
    return EXIT.ok
  },
}

/** A probe wins over a route; the file is valid all the same. */
function warnOfHidden(io: Io, gateway: Gateway, { server: { probes } }: LoadedConfig): void {
  if (probes === false) return
  const hidden = new Set(gateway.snapshot.routes.map(({ path }) => path))
  for (const path of [probes.liveness, probes.readiness, probes.startup])
    if (hidden.has(path)) complain(io, `warning: a probe hides the route ${path}: move the probe (server.probes) or the route`)
}

function summary({ files, gateway }: LoadedConfig): string {
  const discovery = (gateway.discovery ?? []).map((provider) => provider.name)
  const sources = (gateway.sources ?? []).map((source) => source.name)
  return [
    count(files.length, 'file'),
    count(gateway.routes?.length ?? 0, 'route'),
    count(Object.keys(gateway.upstreams ?? {}).length, 'upstream'),
    `discovery ${discovery.join(', ') || 'off'}`,
    `FARP ${sources.includes('farp') ? 'on' : 'off'}`,
  ].join(', ')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
