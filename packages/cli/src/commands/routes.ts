import { complain, formatTable, methodsOf, say, upstreamsOf } from '../print.ts'
import { CONFIG, configurationOf, HELP, readyOf } from '../configuration.ts'
import { createGateway, type CompiledRoute, type Gateway, type Rights, type Route } from '@octopus-gateway/core'
import { EXIT } from '../exit.ts'
import { syncedWithin, TIMEOUT, timeoutOf } from '../timeout.ts'
import type { Arguments } from '../arguments.ts'
import type { Command } from './command.ts'
import type { Io } from '../io.ts'

/** `octopus routes` */
export const routes: Command = {
  name: 'routes',
  summary: 'Print the routes, those of discovered services included.',
  details:
    'Starts the gateway without listening, waits until discovery and FARP have reported once, prints, and ends.\n' +
    'Ends with 1 when that takes longer than --timeout; what is known by then is printed.',
  options: {
    config: CONFIG,
    timeout: TIMEOUT,
    json: { type: 'boolean', description: 'Print JSON.' },
    help: HELP,
  },
  async run(args, io) {
    const timeout = timeoutOf(args)
    const config = await configurationOf(args, io, { isLooking: true })
    const gateway = createGateway(config.gateway)
    try {
      await readyOf(gateway, config)
      const complete = await syncedWithin(gateway, timeout.ms)
      print(gateway, args, io)
      if (!complete) complain(io, unfinished(gateway, timeout.text))
      return complete ? EXIT.ok : EXIT.failure
    } finally {
      await gateway[Symbol.asyncDispose]()
    }
  },
}

function unfinished(gateway: Gateway, timeout: string): string {
  const waiting = gateway.providers.filter((provider) => provider.state !== 'synced')
  const why = waiting.map((provider) => `${provider.name}: ${provider.error ?? provider.state}`).join('; ')
  return `octopus: discovery did not report within ${timeout}${why === '' ? '' : ` (${why})`}; the list may be incomplete. --timeout waits longer.`
}

function print(gateway: Gateway, args: Arguments, io: Io): void {
  const all = gateway.snapshot.routes.toSorted((a, b) => compare(a, b))
  if (args.options.json !== undefined) say(io, JSON.stringify(all.map(asData), null, 2))
  else if (all.length === 0) say(io, 'There are no routes.')
  else say(io, formatTable(['HOST', 'METHOD', 'PATH', 'UPSTREAM', 'AUTH', 'LANE', 'SOURCE'], all.map(asRow)))
}

function compare(a: Route, b: Route): number {
  const key = (route: Route): string => [route.host ?? '', route.path, methodsOf(route)].join('\u0000')
  return key(a) < key(b) ? -1 : 1
}

function asRow(route: CompiledRoute): string[] {
  const lane = route.laneReason === null ? route.lane : `${route.lane} (${route.laneReason})`
  const source = route.service === null ? route.source : `${route.source} (${route.service})`
  return [route.host ?? '*', methodsOf(route), route.path, upstreamsOf(route), authOf(route), lane, source]
}

/** Who is asked about callers, and what the route demands of them: `jwt-auth, roles admin|operator`. Nothing where everybody may come. */
function authOf({ auth, hooks }: CompiledRoute): string {
  if (auth === 'nobody') return 'nobody'
  const asked = [...new Set(hooks.flatMap((hook) => hook.enforces ?? []))]
  if (asked.length === 0) return '-'
  if (auth === false) return 'anonymous'
  const { providers = asked, every = [], ...rights } = auth ?? {}
  return [providers.join('|'), ...[rights, ...every].flatMap(rightsOf)].join(', ')
}

function rightsOf({ scopes = [], roles = [], permissions = [] }: Rights): string[] {
  return [
    ...(scopes.length === 0 ? [] : [`scopes ${scopes.join('+')}`]),
    ...(roles.length === 0 ? [] : [`roles ${roles.join('|')}`]),
    ...(permissions.length === 0 ? [] : [`permissions ${permissions.join('+')}`]),
  ]
}

function targetsOf({ split }: Route): unknown {
  return split?.branches.map(({ route, weight, match }) => ({ upstream: route.upstream.name, weight, match })) ?? null
}

function mirrorOf({ mirror }: Route): unknown {
  return mirror === null ? null : { upstream: mirror.upstream.name, percent: mirror.percent, maxBody: mirror.maxBody }
}

function asData(route: CompiledRoute): Readonly<Record<string, unknown>> {
  const { id, host, methods, path, lane, laneReason, source, service, priority, tags } = route
  const { auth } = route
  const enforces = [...new Set(route.hooks.flatMap((hook) => hook.enforces ?? []))]
  return {
    id,
    host,
    methods,
    path,
    upstream: route.upstream.name,
    targets: targetsOf(route),
    mirror: mirrorOf(route),
    auth,
    enforces,
    lane,
    laneReason,
    source,
    service,
    priority,
    tags,
  }
}
