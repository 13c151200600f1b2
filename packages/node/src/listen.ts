import type { AddressInfo } from 'node:net'
import type { Duration } from '@octopus-gateway/core'
import type { Server } from './serve.ts'
import type { Server as HttpServer } from 'node:http'

/** Listens and wraps what listens. Rejects with Node's error when the port cannot be had. */
export async function listen(
  server: HttpServer,
  options: { readonly port: number; readonly host: string; close(grace?: Duration): Promise<void> },
): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = (how?: { readonly grace?: Duration }): Promise<void> => (closing ??= options.close(how?.grace))
  return { url: `http://${shownHost(options.host)}:${port}`, port, close, [Symbol.asyncDispose]: () => close() }
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
