import type {
  DiscoveryProvider,
  RouteSet,
  RouteSource,
  ServiceInstance,
  ServiceSet,
  SourceHost,
  UpstreamOptions,
} from '@octopus-gateway/core'

/** A queue that a test fills and an async generator empties. */
export class Feed<T> {
  readonly #waiting: { value?: T; error?: Error }[] = []
  #wake: () => void = () => {}
  starts = 0
  isOpen = false

  say(value: T): void {
    this.#waiting.push({ value })
    this.#wake()
  }

  fail(message: string): void {
    this.#waiting.push({ error: new Error(message) })
    this.#wake()
  }

  async *read(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    this.starts += 1
    this.isOpen = true
    const onAbort = (): void => this.#wake()
    signal.addEventListener('abort', onAbort)
    try {
      while (!signal.aborted) {
        const next = this.#waiting.shift()
        if (next === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
        else if (next.error !== undefined) throw next.error
        else yield next.value as T
      }
    } finally {
      this.isOpen = false
      signal.removeEventListener('abort', onAbort)
    }
  }
}

export class ScriptedProvider extends Feed<ServiceSet> implements DiscoveryProvider {
  readonly name: string

  constructor(name = 'scripted') {
    super()
    this.name = name
  }

  watch(signal: AbortSignal): AsyncIterable<ServiceSet> {
    return this.read(signal)
  }
}

export class ScriptedSource extends Feed<readonly RouteSet[]> implements RouteSource {
  readonly name: string

  constructor(name = 'scripted') {
    super()
    this.name = name
  }

  watch(host: SourceHost): AsyncIterable<readonly RouteSet[]> {
    return this.read(host.signal)
  }
}

export const instance = (service: string, port: number, more: Partial<ServiceInstance> = {}): ServiceInstance => ({
  id: `${service}-${port}`,
  service,
  host: '127.0.0.1',
  port,
  secure: false,
  ready: true,
  weight: 1,
  metadata: {},
  ...more,
})

/** One service's set: its paths, all to one upstream. */
export const setOf = (
  service: string,
  version: string,
  paths: readonly string[],
  endpoints: UpstreamOptions['endpoints'] = { discover: service },
): RouteSet => ({
  service,
  version,
  routes: paths.map((path) => ({ path, upstream: service })),
  upstreams: { [service]: { endpoints } },
})
