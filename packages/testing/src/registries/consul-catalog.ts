/** A check of a service, as Consul tells it. */
export interface ConsulCheck {
  readonly Node: string
  readonly CheckID: string
  readonly Name: string
  readonly Status: 'passing' | 'warning' | 'critical'
  readonly Notes: string
  readonly Output: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
  readonly Type: string
}

/** A registered service, as Consul tells it. */
export interface ConsulService {
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Address: string
  readonly Port: number
  readonly Meta: Readonly<Record<string, string>>
  readonly Weights: { readonly Passing: number; readonly Warning: number }
  readonly Kind: string
  readonly Namespace: string
}

/** A value of the key-value store. */
export interface ConsulValue {
  readonly value: Buffer
  readonly flags: number
  readonly createIndex: number
  readonly modifyIndex: number
}

/**
 * What Consul knows, with its indices: every write gives what it touched a new one, and whoever waits for something newer is woken. A write that
 * changes nothing has no index, as in Consul.
 */
export class ConsulCatalog {
  readonly services = new Map<string, ConsulService>()
  readonly checks = new Map<string, ConsulCheck>()
  readonly values = new Map<string, ConsulValue>()
  #index = 10
  readonly #indices = new Map<string, number>()
  readonly #waiting = new Set<(why: 'written' | 'restarted') => void>()

  get index(): number {
    return this.#index
  }

  /** The index of a topic (`catalog`, `service/<name>`, `kv/<key>`), or of the one that stands for what does not exist. */
  indexOf(topic: string, otherwise = ''): number {
    return this.#indices.get(topic) ?? this.#indices.get(otherwise) ?? 1
  }

  /** Everything counts from a low index again, as after a restored snapshot: questions that wait are answered. */
  restartIndex(index = 5): void {
    this.#index = index
    for (const topic of this.#indices.keys()) this.#indices.set(topic, index)
    this.#wake('restarted')
  }

  /** Gives a topic a new index though nothing of it has changed: questions that wait are answered with what they know. */
  touch(...topics: readonly string[]): number {
    this.#index += 1
    for (const topic of topics) this.#indices.set(topic, this.#index)
    this.#wake('written')
    return this.#index
  }

  /** Resolves at the next write, when the index starts again, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<'written' | 'restarted' | 'over'> {
    return new Promise((resolve) => {
      const wake = (why: 'written' | 'restarted' | 'over'): void => {
        signal.removeEventListener('abort', over)
        this.#waiting.delete(wake)
        resolve(why)
      }
      const over = (): void => wake('over')
      if (signal.aborted) return resolve('over')
      this.#waiting.add(wake)
      signal.addEventListener('abort', over)
    })
  }

  putService(service: ConsulService): void {
    if (JSON.stringify(this.services.get(service.ID)) === JSON.stringify(service)) return
    this.services.set(service.ID, service)
    this.touch('catalog', `service/${service.Service}`)
  }

  removeService(id: string): boolean {
    const service = this.services.get(id)
    if (service === undefined) return false
    this.services.delete(id)
    for (const [key, check] of this.checks) if (check.ServiceID === id) this.checks.delete(key)
    this.touch('catalog', 'extinction', `service/${service.Service}`)
    return true
  }

  putCheck(check: ConsulCheck): void {
    if (JSON.stringify(this.checks.get(check.CheckID)) === JSON.stringify(check)) return
    this.checks.set(check.CheckID, check)
    this.touch(`service/${check.ServiceName}`)
  }

  removeCheck(id: string): void {
    const check = this.checks.get(id)
    if (this.checks.delete(id)) this.touch(`service/${check!.ServiceName}`)
  }

  putValue(key: string, value: Buffer, flags = 0): void {
    const before = this.values.get(key)
    const modifyIndex = this.touch(`kv/${key}`)
    this.values.set(key, { value, flags, createIndex: before?.createIndex ?? modifyIndex, modifyIndex })
  }

  removeValue(key: string): void {
    if (this.values.delete(key)) this.touch(`kv/${key}`)
  }

  #wake(why: 'written' | 'restarted'): void {
    for (const wake of this.#waiting) wake(why)
  }
}
