import type { AddressInfo, Server as NetServer } from 'node:net'
import type { Duration } from '@octopus-gateway/core'
import type { Server } from './serve.ts'

/** Resolves with the port once it listens. Rejects with Node's error when the port cannot be had. */
export async function listenOn(server: NetServer, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

/** What listens on a port, for those who started it. */
export function listening(options: {
  readonly port: number
  readonly host: string
  readonly tlsPort?: number
  close(grace?: Duration): Promise<void>
}): Server {
  const { port, tlsPort } = options
  const host = shownHost(options.host)
  let closing: Promise<void> | undefined
  const close = (how?: { readonly grace?: Duration }): Promise<void> => (closing ??= options.close(how?.grace))
  return {
    url: `http://${host}:${port}`,
    port,
    tls: tlsPort === undefined ? undefined : { url: `https://${host}:${tlsPort}`, port: tlsPort },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
