import { farpSource } from '../farp.ts'
import { memoryStore } from '@octopus-gateway/core'
import { LIMITS } from '../limits.ts'
import { settingsOf } from '../options.ts'
import { silentMeter } from '../silent-meter.ts'
import type { FarpOptions } from '../options.ts'
import type { FarpService } from '@octopus-gateway/testing'
import type {
  Endpoint,
  Finding,
  KeyValues,
  GatewayEvent,
  GatewayListener,
  RouteDefinition,
  RouteSet,
  RouteSource,
  ServiceInstance,
  ServiceSet,
} from '@octopus-gateway/core'
import type { Limits } from '../limits.ts'

/** A source that runs over a queue of service sets, as a gateway would run it. */
export interface Harness extends AsyncDisposable {
  readonly source: RouteSource
  /** Complete lists yielded so far. */
  readonly history: readonly (readonly RouteSet[])[]
  readonly sets: readonly RouteSet[]
  readonly schemaUpdates: readonly string[]
  /** `users breaking`: what contracts that were compared turned out to be. */
  readonly verdicts: readonly string[]
  readonly logged: readonly string[]
  /** The auth providers that the gateway asks from now on. */
  enforce(...providers: readonly string[]): void
  /** Something happens in the gateway. */
  emit(event: GatewayEvent): void
  /** What discovery says from now on. */
  discover(instances: ServiceSet): void
  set(service: string): RouteSet | undefined
  routes(service: string): readonly RouteDefinition[]
  /** The origins of an upstream, the service's own by default. */
  origins(service: string, upstream?: string): readonly string[]
  findings(service: string): readonly Finding[]
  codes(service: string): readonly string[]
  /** Waits until a condition holds for the last list. Rejects after 5 seconds with what is there. */
  until(what: string, condition: () => unknown): Promise<void>
  /** Aborts the host's signal and waits for the end of `watch`. */
  stop(): Promise<void>
}

/** Starts FARP with fast intervals. */
export function startFarp(
  options: FarpOptions = {},
  limits: Partial<Limits> = {},
  stores: Readonly<Record<string, KeyValues>> = {},
): Harness {
  const settings = settingsOf(
    { watchInterval: 40, routeLinger: 200, ...options },
    { ...LIMITS, connectMs: 500, headersMs: 300, totalMs: 600, coalesceMs: 5, ...limits },
  )
  const source = farpSource(settings, options)
  const controller = new AbortController()
  const queue = serviceQueue(controller.signal)
  const history: (readonly RouteSet[])[] = []
  const schemaUpdates: string[] = []
  const verdicts: string[] = []
  const logged: string[] = []
  const observers = new Set<GatewayListener>()
  let enforced: ReadonlySet<string> = new Set()
  let listeners: (() => void)[] = []
  let failure: unknown
  const note = (message: string): void => void logged.push(message)
  const finished = (async () => {
    const host = {
      signal: controller.signal,
      log: { error: note, warn: note, info() {}, debug() {} },
      store: memoryStore(),
      applied: () => Promise.resolve(),
      instances: () => queue.read(),
      keyValues: (provider: string) => stores[provider],
      get authProviders() {
        return enforced
      },
      on(listener: GatewayListener) {
        observers.add(listener)
        return { [Symbol.dispose]: () => void observers.delete(listener) }
      },
      meter: {
        ...silentMeter,
        schemaUpdated: (service: string) => void schemaUpdates.push(service),
        contractChanged: (service: string, verdict: string) => void verdicts.push(`${service} ${verdict}`),
      },
    }
    for await (const sets of source.watch(host)) {
      history.push(structuredClone(sets))
      for (const listener of listeners) listener()
    }
  })().catch((thrown: unknown) => {
    failure = thrown
  })
  const set = (service: string): RouteSet | undefined => history.at(-1)?.find((item) => item.service === service)
  const stop = async (): Promise<void> => {
    controller.abort()
    await finished
    if (failure !== undefined) throw failure
  }
  const harness: Harness = {
    source,
    history,
    get sets() {
      return history.at(-1) ?? []
    },
    schemaUpdates,
    verdicts,
    logged,
    enforce(...providers) {
      enforced = new Set(providers)
      this.emit({ kind: 'updated' })
    },
    emit(event) {
      for (const observer of observers) observer(event)
    },
    discover: (instances) => queue.push(instances),
    set,
    routes: (service) => set(service)?.routes ?? [],
    origins(service, upstream = service) {
      const endpoints = set(service)?.upstreams[upstream]?.endpoints
      return Array.isArray(endpoints)
        ? endpoints.map((endpoint: string | Endpoint) => (typeof endpoint === 'string' ? endpoint : endpoint.origin))
        : []
    },
    findings: (service) => set(service)?.findings ?? [],
    codes: (service) => (set(service)?.findings ?? []).map(({ code }) => code),
    until(what, condition) {
      return new Promise((resolve, reject) => {
        const listener = (): void => {
          if (!condition()) return
          done()
          resolve()
        }
        const timer = setTimeout(() => {
          done()
          reject(new Error(`waited in vain until ${what}: ${JSON.stringify(history.at(-1), null, 1)} ${String(failure ?? '')}`))
        }, 5000)
        const done = (): void => {
          clearTimeout(timer)
          listeners = listeners.filter((other) => other !== listener)
        }
        listeners.push(listener)
        listener()
      })
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
  return harness
}

/** A queue of sets that many may read; the last one counts. */
function serviceQueue(signal: AbortSignal): { push(set: ServiceSet): void; read(): AsyncIterable<ServiceSet> } {
  let current: ServiceSet | undefined
  let version = 0
  let wake: (() => void)[] = []
  const rouse = (): void => {
    const sleepers = wake
    wake = []
    for (const sleeper of sleepers) sleeper()
  }
  signal.addEventListener('abort', rouse)
  return {
    push(set) {
      current = set
      version++
      rouse()
    },
    async *read() {
      let seen = 0
      while (!signal.aborted) {
        if (version > seen) {
          seen = version
          yield current!
        } else await new Promise<void>((resolve) => wake.push(resolve))
      }
    },
  }
}

/** A discovery record of a service on this machine. */
export function record(service: string, port: number, more: Partial<ServiceInstance> = {}): ServiceInstance {
  return {
    id: `${service}-${port}`,
    service,
    host: '127.0.0.1',
    port,
    secure: false,
    ready: true,
    weight: 1,
    metadata: {},
    provider: 'static',
    ...more,
  }
}

/** The record of a test service. */
export function recordOf(service: FarpService, more: Partial<ServiceInstance> = {}): ServiceInstance {
  return record(service.name, service.port, more)
}

/** `GET /users/users/{id}` for each route. */
export function lines(routes: readonly RouteDefinition[]): string[] {
  return routes.map(({ methods = [], host, path }) => `${methods.join(',')} ${host ?? ''}${path}`).sort()
}
