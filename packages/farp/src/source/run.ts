import { Audit } from './audit.ts'
import { Composers } from './composers.ts'
import { ContractGate } from '../contract/gate/gate.ts'
import { Hub } from '../webhook/hub.ts'
import { Fleet } from './fleet.ts'
import { Pause } from './pause.ts'
import { SchemaWatch } from './schema-watch.ts'
import { unreadableOf } from '../federated/unreadable.ts'
import { messageOf } from '../text.ts'
import type { Material } from '../federated/federation.ts'
import { Registry } from '../push/registry.ts'
import { statusOf } from './eligible.ts'
import { TakenOver } from './taken-over.ts'
import type { Desk } from '../push/desk.ts'
import type { FederatedService } from '../merge/input.ts'
import type { InstanceView } from './view.ts'
import type { Logger, RouteDefinition, RouteSet, SnapshotDiff, SourceHost, SourceMeter } from '@octopus-gateway/core'
import type { Registration } from '../push/registration.ts'
import type { Settings } from '../options.ts'
import type { TrackedRecord } from './tracker.ts'

/** One `watch`: follows the instances a gateway knows and makes route sets of them. */
export class Run {
  /** Messages to and from the services. */
  readonly hub: Hub
  readonly #settings: Settings
  readonly #host: SourceHost
  readonly #fleet: Fleet
  readonly #composers: Composers
  readonly #gate: ContractGate
  readonly #schemas: SchemaWatch
  readonly #audit: Audit
  readonly #wake = new Pause()
  readonly #stopped = new AbortController()
  readonly #registry: Registry | undefined
  readonly #taken = new TakenOver()
  #firstRoundEnds: number | undefined
  #hasYielded = false
  #failure: { readonly thrown: unknown } | undefined

  constructor(settings: Settings, host: SourceHost) {
    this.#settings = settings
    this.#host = host
    const { log, meter, store } = host
    this.#fleet = new Fleet(settings, {
      log,
      meter,
      keyValues: (provider) => host.keyValues(provider),
      silent: (tracked, looks) => this.#silent(tracked, looks),
      changed: () => this.#wake.end(),
    })
    this.#gate = new ContractGate(settings, {
      store: host.store,
      log: host.log,
      changed: () => this.#wake.end(),
      counted: (service, verdict) => meter.contractChanged(service, verdict),
    })
    this.#composers = new Composers(settings, { log, gate: this.#gate })
    this.#audit = new Audit(log)
    this.#schemas = new SchemaWatch((service) => meter.schemaUpdated(service))
    this.hub = new Hub(settings, host, this.#fleet)
    const { enabled, heartbeatTimeout } = settings.push
    if (enabled) this.#registry = new Registry({ store, log, heartbeatTimeout, changed: (service) => this.#registered(service) })
  }

  /** The inside, for the push endpoints; `undefined` when push is off. */
  get desk(): { readonly desk: Desk; readonly log: Logger } | undefined {
    const registry = this.#registry
    return registry === undefined ? undefined : { desk: this.#deskOf(registry), log: this.#host.log }
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
    // Other plugins may enforce what could not be enforced before.
    const subscription = this.#host.on((event) => {
      if (event.kind === 'snapshot') countRoutes(event.diff, this.#host.meter)
      if (event.kind === 'snapshot' || event.kind === 'updated') this.#wake.end()
    })
    void this.#follow()
    let last: number | undefined
    try {
      for (;;) {
        await this.#wake.wait(this.#timeToNext())
        // Changes come in groups: one update for all of them.
        if (this.#hasYielded) await new Pause().wait(this.#settings.limits.coalesceMs)
        if (this.#failure !== undefined) throw this.#failure.thrown
        if (this.#stopped.signal.aborted) return
        this.hub.refresh()
        if (!this.#isComplete()) continue
        const { views } = this.#fleet
        const sets = this.#composers.compose(views, this.#host.authProviders)
        const { revision } = this.#composers
        if (revision !== last) {
          last = revision
          this.#hasYielded = true
          this.#schemas.look(sets)
          this.#audit.look(views, sets)
          this.hub.composed(sets)
          yield sets
        }
        this.#taken.show(views, sets)
      }
    } finally {
      signal.removeEventListener('abort', stop)
      subscription[Symbol.dispose]()
      stop()
    }
  }

  #stop(): void {
    this.#stopped.abort()
    this.#registry?.stop()
    this.#taken.end()
    this.#fleet.stop()
    this.hub.stop()
    this.#gate.stop()
    this.#wake.end()
  }

  #registered(service?: string): void {
    if (this.#stopped.signal.aborted) return
    const registry = this.#registry!
    if (service === undefined) this.#fleet.applyRegistrations(registry.where(() => true))
    else
      this.#fleet.applyRegistrationsOf(
        service,
        registry.where((registration) => registration.service === service),
      )
    this.#wake.end()
  }

  /** Whoever sends no heartbeats is asked; who is not there for long does not come back by itself, and is forgotten. */
  #silent({ push }: TrackedRecord, looks: number): void {
    if (push === undefined || push.beatAt !== undefined || looks < this.#settings.push.missedProbes) return
    void this.#registry?.remove(push, 'nobody there')
  }

  #deskOf(registry: Registry): Desk {
    const settings = this.#settings
    const viewOf = (registration: Registration): InstanceView | undefined => this.#fleet.trackerOf(registration)?.view
    return {
      registry,
      viewOf,
      settled: (registration) => this.#settled(registration),
      lookAt: (registration) => this.#fleet.trackerOf(registration)?.look(),
      routesOf: (service) => linesOf(this.#taken.sets.find((set) => set.service === service)?.routes ?? []),
      statusOf: (registration) => {
        const view = viewOf(registration)
        if (view === undefined) return 'not-used'
        // What the gate says counts before what the instance is by itself.
        const set = this.#taken.sets.find(({ service }) => service === view.record.service)
        const report = set?.instances?.find(({ id }) => id === view.record.id)
        return report?.status ?? statusOf(view, settings)
      },
    }
  }

  #settled(registration: Registration): Promise<void> {
    const { service, id, revision } = registration
    const isShown = (): boolean =>
      // Where the registry knows it at another place, there is nothing to wait for.
      this.#fleet.trackerOf(registration) === undefined ||
      (this.#taken.views.get(service) ?? []).some(({ push }) => push?.id === id && push.revision >= revision)
    return this.#taken.until(isShown, this.#settings.limits.registerMs, () => this.#host.applied())
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
    if (this.#firstRoundEnds === undefined || this.#registry?.isLoaded === false || !this.#gate.isLoaded) return false
    return this.#fleet.hasTriedAll || Date.now() >= this.#firstRoundEnds
  }

  #timeToNext(): number | undefined {
    const next = this.#hasYielded ? this.#composers.wakesAt : this.#firstRoundEnds
    return next === undefined ? undefined : Math.max(0, next - Date.now())
  }
}

function countRoutes(diff: SnapshotDiff, meter: SourceMeter): void {
  for (const action of ['added', 'changed', 'removed'] as const)
    meter.routesUpdated(action, diff[action].filter(({ source }) => source === 'farp').length)
}

function linesOf(routes: readonly RouteDefinition[]): string[] {
  return routes.map(({ methods, path }) => `${methods === undefined ? '*' : methods.join(',')} ${path}`)
}

/** A promise's value, or `undefined` as soon as `signal` aborts. Nothing stays attached to the signal. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined)
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
