import type { AddressInfo, Server as NetServer } from 'node:net'
import type { CloseOptions, Listening, Server } from './serve-options.ts'

/** Connections that the system keeps until they are accepted; it takes less where it allows less (`net.core.somaxconn`). */
const BACKLOG = 4096

/** Resolves with the port once it listens. Rejects with Node's error when the port cannot be had. */
export async function listenOn(server: NetServer, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: BACKLOG }, () => {
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
  /** Whether `port` speaks TLS. Default false. */
  readonly isSecure?: boolean
  /** A second port, which does. */
  readonly tlsPort?: number
  close(how: CloseOptions): Promise<void>
}): Pick<Server, 'tls'> & Listening {
  const { port, tlsPort, isSecure = false } = options
  const host = shownHost(options.host)
  let closing: Promise<void> | undefined
  const close = (how: CloseOptions = {}): Promise<void> => (closing ??= options.close(how))
  return {
    url: `${isSecure ? 'https' : 'http'}://${host}:${port}`,
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
