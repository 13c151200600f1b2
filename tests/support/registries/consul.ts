import { randomUUID } from 'node:crypto'
import { startConsul, type ConsulRegistration, type ConsulOptions as FakeOptions } from '@octopus-gateway/testing'

/** How a Consul is started for a test. */
export interface ConsulServerOptions {
  /** A token that may do everything: then nobody sees anything without one. A UUID. */
  readonly token?: string
  readonly tls?: FakeOptions['tls']
}

/** A Consul as the suites use it: the stand-in, or a real one. What is written may take a moment until it is told. */
export interface ConsulServer extends AsyncDisposable {
  readonly port: number
  /** `127.0.0.1:<port>`. */
  readonly address: string
  /** Connections that clients have. */
  readonly open: number
  /** Works while it cannot be reached as well, as everything that writes. */
  register(service: ConsulRegistration): Promise<void>
  deregister(id: string): Promise<void>
  report(checkId: string, status: 'passing' | 'warning' | 'critical'): Promise<void>
  maintain(serviceId: string, isEnabled: boolean, reason: string): Promise<void>
  putValue(key: string, value: Buffer): Promise<void>
  /** A token that sees services whose names begin like this, where there are tokens. */
  tokenFor(prefix: string): Promise<string>
  /** Cuts and refuses connections. */
  stop(): Promise<void>
  start(): Promise<void>
}

export type OpenConsul = (options?: ConsulServerOptions) => Promise<ConsulServer>

/** The stand-in. */
export async function fakeConsul({ token, tls }: ConsulServerOptions = {}): Promise<ConsulServer> {
  const readers: Record<string, string> = {}
  const consul = await startConsul({ ...(token === undefined ? {} : { tokens: [token], readers }), ...(tls === undefined ? {} : { tls }) })
  return {
    port: consul.port,
    address: consul.address,
    get open() {
      return consul.open
    },
    register: async (service) => consul.register(service),
    deregister: async (id) => consul.deregister(id),
    report: async (checkId, status) => consul.agent.report(checkId, status, ''),
    maintain: async (serviceId, isEnabled, reason) => consul.agent.maintain(serviceId, isEnabled, reason),
    putValue: async (key, value) => consul.catalog.putValue(key, value),
    async tokenFor(prefix) {
      const reader = randomUUID()
      readers[reader] = prefix
      return reader
    },
    stop: () => consul.stop(),
    start: () => consul.start(),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
}
