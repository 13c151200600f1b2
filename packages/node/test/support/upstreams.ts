import { onTestFinished } from 'vitest'
import { startRawServer, startService } from '@octopus-gateway/testing'
import type { RawServer, Service, ServiceHandler, ServiceOptions, SocketHandler } from '@octopus-gateway/testing'

/** A service that ends with the test; without a handler it echoes. */
export async function service(options: ServiceHandler | ServiceOptions = {}): Promise<Service> {
  const started = await startService(typeof options === 'function' ? { handler: options } : options)
  onTestFinished(() => started.close())
  return started
}

/** A raw origin that ends with the test. */
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
