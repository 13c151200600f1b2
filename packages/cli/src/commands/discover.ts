import { CONFIG, configurationOf, HELP } from '../configuration.ts'
import { createGateway, type DiscoveryProvider, type Logger, type ServiceInstance } from '@octopus-gateway/core'
import { EXIT } from '../exit.ts'
import { formatTable, say } from '../print.ts'
import { syncedWithin, TIMEOUT, timeoutOf } from '../timeout.ts'
import type { Command } from './command.ts'
import type { Io } from '../io.ts'

/** What one backend sees. */
interface Sight {
  readonly backend: string
  readonly instances: readonly ServiceInstance[]
  readonly error: string | null
}

/** `octopus discover` */
export const discover: Command = {
  name: 'discover',
  summary: 'Print what each discovery backend sees.',
  details:
    'Asks every backend of the configuration, prints its instances, and ends; neither manifests nor schemas are fetched.\n' +
    'Ends with 1 when a backend has not answered within --timeout, and says why.',
  options: { config: CONFIG, timeout: TIMEOUT, json: { type: 'boolean', description: 'Print JSON.' }, help: HELP },
  async run(args, io) {
    const { ms } = timeoutOf(args)
    const { gateway } = await configurationOf(args, io, { isLooking: true })
    const providers = gateway.discovery ?? []
    if (providers.length === 0) {
      say(io, 'The configuration has no discovery.')
      return EXIT.ok
    }
    const sights = await Promise.all(providers.map((provider) => sightOf(provider, { ms, log: gateway.log })))
    if (args.options.json === undefined) for (const sight of sights) print(sight, io)
    else say(io, JSON.stringify(sights, null, 2))
    return sights.every(({ error }) => error === null) ? EXIT.ok : EXIT.failure
  },
}

/** Each in a gateway of its own: none hides what another one says. */
async function sightOf(
  provider: DiscoveryProvider,
  { ms, log }: { readonly ms: number; readonly log: Logger | undefined },
): Promise<Sight> {
  await using gateway = createGateway({ discovery: [provider], ...(log === undefined ? {} : { log }) })
  const isComplete = await syncedWithin(gateway, ms)
  const failure = gateway.providers[0]?.error ?? 'it has not answered in time'
  return { backend: provider.name, instances: gateway.services, error: isComplete ? null : failure }
}

function print({ backend, instances, error }: Sight, io: Io): void {
  if (error !== null) say(io, `${backend}: ${error}`)
  else if (instances.length === 0) say(io, `${backend}: no instances`)
  else {
    const services = new Set(instances.map(({ service }) => service)).size
    say(io, `${backend}: ${instances.length} ${plural(instances.length, 'instance')} of ${services} ${plural(services, 'service')}`)
    say(io, formatTable(['SERVICE', 'INSTANCE', 'ADDRESS', 'READY', 'WEIGHT', 'ZONE', 'VERSION', 'METADATA'], instances.map(asRow)))
  }
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`
}

function asRow({ service, id, host, port, secure, ready, weight, zone = '-', version = '-', metadata }: ServiceInstance): string[] {
  const address = `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  const keys = Object.keys(metadata).sort().join(' ')
  return [service, id, address, ready ? 'yes' : 'no', String(weight), zone, version, keys === '' ? '-' : keys]
}
