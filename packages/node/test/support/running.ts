import { createGateway } from '@octopus-gateway/core'
import { onTestFinished } from 'vitest'
import { serve } from '@octopus-gateway/node'
import { startRawServer, startService } from '@octopus-gateway/testing'
import type { Gateway, GatewayOptions, Plugin } from '@octopus-gateway/core'
import type { RawServer, Service, ServiceHandler, ServiceOptions, SocketHandler } from '@octopus-gateway/testing'
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

export async function service(options: ServiceHandler | ServiceOptions = {}): Promise<Service> {
  const started = await startService(typeof options === 'function' ? { handler: options } : options)
  onTestFinished(() => started.close())
  return started
}

export async function rawOrigin(handler: SocketHandler): Promise<RawServer> {
  const started = await startRawServer(handler)
  onTestFinished(() => started.close())
  return started
}

/** Options of a gateway with one route for everything to these origins. */
export function to(...origins: readonly { readonly origin: string }[]): {
  upstreams: { up: string[] }
  routes: { path: string; upstream: string }[]
} {
  return { upstreams: { up: origins.map(({ origin }) => origin) }, routes: [{ path: '/*', upstream: 'up' }] }
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
