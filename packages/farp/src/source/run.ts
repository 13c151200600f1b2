import { Composers } from './composers.ts'
import { ContractGate } from '../contract/gate/gate.ts'
import { Fleet } from './fleet.ts'
import { Pause } from './pause.ts'
import { SchemaWatch } from './schema-watch.ts'
import { unreadableOf } from '../federated/unreadable.ts'
import { messageOf } from '../text.ts'
import type { Material } from '../federated/federation.ts'
import type { FederatedService } from '../merge/input.ts'
import type { RouteSet, SourceHost } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'

/** One `watch`: follows the instances a gateway knows and makes route sets of them. */
export class Run {
  readonly #settings: Settings
  readonly #host: SourceHost
  readonly #fleet: Fleet
  readonly #composers: Composers
  readonly #gate: ContractGate
  readonly #schemas: SchemaWatch
  readonly #wake = new Pause()
  readonly #stopped = new AbortController()
  #firstRoundEnds: number | undefined
  #hasYielded = false
  #failure: { readonly thrown: unknown } | undefined

  constructor(settings: Settings, host: SourceHost) {
    this.#settings = settings
    this.#host = host
    this.#fleet = new Fleet(settings, {
      log: host.log,
      keyValues: (provider) => host.keyValues(provider),
      changed: () => this.#wake.end(),
    })
    this.#gate = new ContractGate(settings, {
      store: host.store,
      log: host.log,
      changed: () => this.#wake.end(),
      counted: (service, verdict) => host.contractChanged(service, verdict),
    })
    this.#composers = new Composers(settings, this.#gate)
    this.#schemas = new SchemaWatch((service) => host.schemaUpdated(service))
  }

  /** What was decided about contracts. */
  get gate(): ContractGate {
    return this.#gate
  }

  /** The documents that are routed now. */
  get documents(): readonly FederatedService[] {
    return this.#composers.documents
  }

  /** What merged documents are made of now. */
  get material(): Material {
    const { documents } = this
    return { documents, unreadable: unreadableOf([...this.#fleet.views.values()].flat(), documents) }
  }

  /** Yields complete lists until the host's signal aborts; throws when the host's instances do. */
  async *sets(): AsyncGenerator<readonly RouteSet[], void, undefined> {
    const { signal } = this.#host
    const stop = (): void => this.#stop()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    void this.#follow()
    let last: string | undefined
    try {
      for (;;) {
        await this.#wake.wait(this.#timeToNext())
        // Changes come in groups: one update for all of them.
        if (this.#hasYielded) await new Pause().wait(this.#settings.limits.coalesceMs)
        if (this.#failure !== undefined) throw this.#failure.thrown
        if (this.#stopped.signal.aborted) return
        if (!this.#isComplete()) continue
        const sets = this.#composers.compose(this.#fleet.views)
        const { signature } = this.#composers
        if (signature === last) continue
        last = signature
        this.#hasYielded = true
        this.#schemas.look(sets)
        yield sets
      }
    } finally {
      signal.removeEventListener('abort', stop)
      stop()
    }
  }

  #stop(): void {
    this.#stopped.abort()
    this.#fleet.stop()
    this.#gate.stop()
    this.#wake.end()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped
    const instances = this.#host.instances()[Symbol.asyncIterator]()
    try {
      while (!signal.aborted) {
        const next = await orAborted(instances.next(), signal)
        if (next === undefined || next.done === true) break
        this.#fleet.apply(next.value)
        this.#firstRoundEnds ??= Date.now() + this.#settings.limits.totalMs
        this.#wake.end()
      }
    } catch (thrown) {
      this.#failure = { thrown }
      this.#wake.end()
    }
    // Not awaited: an iterator that waits for its next value returns only then.
    instances
      .return?.()
      .then(undefined, (thrown: unknown) => this.#host.log.warn('discovery could not be closed', { error: messageOf(thrown) }))
  }

  /** The first list waits for one attempt at every instance, but no longer than one fetch may take. */
  #isComplete(): boolean {
    if (this.#hasYielded) return true
    if (this.#firstRoundEnds === undefined || !this.#gate.isLoaded) return false
    return this.#fleet.hasTriedAll || Date.now() >= this.#firstRoundEnds
  }

  #timeToNext(): number | undefined {
    const next = this.#hasYielded ? this.#composers.lingersUntil : this.#firstRoundEnds
    return next === undefined ? undefined : Math.max(0, next - Date.now())
  }
}

/** A promise's value, or `undefined` as soon as `signal` aborts. Nothing stays attached to the signal. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined)
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
