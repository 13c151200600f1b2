import { onHead } from '@octopus-gateway/testing'
import { rawOrigin, to } from '../../support/upstreams.ts'
import { rawTunnel, switching, watch } from './raw.ts'
import { recorder } from './watching.ts'
import { running } from '../../support/running.ts'
import type { Gateway, GatewayOptions, Outcome, RouteDefinition } from '@octopus-gateway/core'
import type { Raw } from './raw.ts'
import type { ServeOptions, Server } from '@octopus-gateway/node'

/** A tunnel of raw bytes with both of its ends. */
export interface Pair {
  readonly client: Raw
  readonly upstream: Raw
  readonly gateway: Gateway
  readonly server: Server
  readonly outcomes: readonly Outcome[]
  readonly upstreamConnections: { readonly open: number }
}

export async function rawPair(
  how: { readonly route?: Partial<RouteDefinition>; readonly options?: GatewayOptions; readonly serving?: ServeOptions } = {},
): Promise<Pair> {
  let upstream: Raw | undefined
  const up = await rawOrigin(
    onHead((socket) => {
      socket.allowHalfOpen = true
      upstream = watch(socket, switching())
    }),
  )
  const { outcomes, plugin } = recorder()
  const options: GatewayOptions = { ...to(up), plugins: [plugin], ...how.options, routes: [{ path: '/*', upstream: 'up', ...how.route }] }
  const { gateway, server, port } = await running(options, how.serving)
  const client = await rawTunnel(port)
  return { client, upstream: upstream!, gateway, server, outcomes, upstreamConnections: up.connections }
}
