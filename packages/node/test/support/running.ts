import { createGateway } from '@octopus-gateway/core'
import { onTestFinished } from 'vitest'
import { serve } from '@octopus-gateway/node'
import type { Gateway, GatewayOptions, Plugin } from '@octopus-gateway/core'
import type { ServeOptions, Server } from '@octopus-gateway/node'

/** A served gateway that ends with the test. */
export async function running(
  options: GatewayOptions,
  serving: ServeOptions = {},
): Promise<{ gateway: Gateway; server: Server; port: number }> {
  const gateway = createGateway(options)
  const server = await serve(gateway, { host: '127.0.0.1', port: 0, ...serving })
  onTestFinished(async () => {
    await server.close({ grace: 0 })
    await gateway[Symbol.asyncDispose]()
  })
  return { gateway, server, port: server.port }
}

/** Puts every route on the web lane. */
export function webLane(): readonly Plugin[] {
  return [
    {
      name: 'pass-through',
      version: '1.0.0',
      identity: { name: 'pass-through', version: '1.0.0', config: null },
      setup: () => ({ middleware: (_c, next) => next() }),
    },
  ]
}

export function active(gateway: Gateway): number {
  return gateway.endpoints(gateway.snapshot.upstreams.get('up')!).reduce((sum, endpoint) => sum + endpoint.active, 0)
}

export function gauge(gateway: Gateway, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(gateway.metrics.exposition())?.[1])
}
