import { startEureka, type EurekaInstance, type EurekaRegistration, type EurekaStatus } from '@octopus-gateway/testing'

/** Who may ask a Eureka. */
export interface EurekaServerOptions {
  readonly username?: string
  readonly password?: string
}

/** Whom the suites let ask: always the same one, as a real server takes long to start. */
export const USER = { username: 'gateway', password: 'p4ss-w0rd' }

/** A Eureka as the suites use it: the stand-in, or a real one. */
export interface EurekaServer extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:<port>/eureka`. */
  readonly url: string
  /** Connections that clients have. */
  readonly open: number
  /** Works while it cannot be reached as well, as everything that writes. */
  register(instance: EurekaRegistration): Promise<void>
  cancel(app: string, id: string): Promise<void>
  override(app: string, id: string, status: EurekaStatus): Promise<void>
  get(app: string, id: string): Promise<EurekaInstance | undefined>
  /** Cuts and refuses connections. */
  stop(): Promise<void>
  start(): Promise<void>
}

export type OpenEureka = (options?: EurekaServerOptions) => Promise<EurekaServer>

/** The stand-in. */
export async function fakeEureka(options: EurekaServerOptions = {}): Promise<EurekaServer> {
  const eureka = await startEureka(options)
  const { registry } = eureka
  return {
    port: eureka.port,
    url: eureka.url,
    get open() {
      return eureka.open
    },
    register: async (instance) => registry.register(instance),
    cancel: async (app, id) => void registry.cancel(app, id),
    override: async (app, id, status) => void registry.override(app, id, status),
    get: async (app, id) => registry.get(app, id),
    stop: () => eureka.stop(),
    start: () => eureka.start(),
    [Symbol.asyncDispose]: () => eureka[Symbol.asyncDispose](),
  }
}
