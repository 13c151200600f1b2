import { addresseeOf } from '../webhook/addressee.ts'
import { compareText } from '../semver.ts'
import { documentFetcher } from '../net/guarded.ts'
import { readMetadata, recognise } from '../metadata.ts'
import { registeredAddresses } from './whereabouts.ts'
import { FloodGate } from './flood.ts'
import { InstanceTracker } from './tracker.ts'
import { mergedInstances, PUSH_PROVIDER } from '../push/merged.ts'
import { SchemaCache } from '../schemas/content.ts'
import { registryStore } from '../net/store.ts'
import { Turns } from '../net/turns.ts'
import type { Addressee } from '../webhook/addressee.ts'
import type { Known } from '../push/merged.ts'
import type { KeyValues, ServiceInstance, ServiceSet } from '@octopus-gateway/core'
import type { Registration } from '../push/registration.ts'
import type { Settings } from '../options.ts'
import type { TrackedRecord, TrackerHost } from './tracker.ts'
import type { TrustScope } from '../trust.ts'
import type { Views } from './neighbours.ts'

/** What a fleet is told of its surroundings. */
export interface FleetHost extends Pick<TrackerHost, 'log' | 'meter' | 'changed' | 'silent'> {
  /** The key-value store of a registry, by the name of its provider. */
  keyValues(provider: string): KeyValues | undefined
}

/** All instances that speak FARP, or may, each followed by a tracker. */
export class Fleet {
  readonly #settings: Settings
  readonly #log: TrackerHost['log']
  readonly #host: TrackerHost
  readonly #services = new Map<string, Map<string, InstanceTracker>>()
  /** What was made of a record before: one change among thousands of instances leaves the others as they are. */
  readonly #tracked = new WeakMap<ServiceInstance, TrackedRecord>()
  #discovered: ServiceSet = []
  #registrations: readonly Registration[] = []
  #isOverLimit = false

  constructor(settings: Settings, on: FleetHost) {
    this.#settings = settings
    this.#log = on.log
    const { limits, fetcher } = settings
    const turns = new Turns(limits.fetches, limits.fetchesPerService)
    this.#host = {
      settings,
      fetcher: documentFetcher(fetcher, limits, turns),
      cache: new SchemaCache(limits),
      flood: new FloodGate(limits.updatesPerMinute),
      log: on.log,
      meter: on.meter,
      scopeOf: (tracked) => this.#scopeOf(tracked),
      storeOf: ({ provider: name = '', service }, signal) => {
        const keyValues = on.keyValues(name)
        return keyValues === undefined ? undefined : registryStore({ name, keyValues, limits, turns, service, signal })
      },
      silent: on.silent,
      changed: on.changed,
    }
  }

  /** Takes over what discovery says now. An instance that is missing is gone at once, unless it registered itself. */
  apply(set: ServiceSet): void {
    this.#discovered = set
    this.#follow()
  }

  /** Takes over what has registered itself. */
  applyRegistrations(registrations: readonly Registration[]): void {
    this.#registrations = registrations
    this.#follow()
  }

  /** The same where the registrations of one service changed: one among thousands leaves the others as they are. */
  applyRegistrationsOf(service: string, registrations: readonly Registration[]): void {
    this.#registrations = [...this.#registrations.filter((one) => one.service !== service), ...registrations]
    // Which services are beyond the limit, only all of them together tell.
    if (this.#isOverLimit || (!this.#services.has(service) && this.#services.size >= this.#settings.limits.services)) return this.#follow()
    const discovered = this.#discovered.filter((record) => record.service === service)
    const records = this.#recognised(mergedInstances(discovered, registrations)).get(service)
    if (records === undefined) this.#forget(service)
    else this.#applyService(service, records)
  }

  /** The tracker of what registered itself. */
  trackerOf({ service, id }: Registration): InstanceTracker | undefined {
    return [...(this.#services.get(service)?.values() ?? [])].find((tracker) => tracker.registered?.id === id)
  }

  #follow(): void {
    const groups = this.#recognised(mergedInstances(this.#discovered, this.#registrations))
    for (const name of this.#services.keys()) if (!groups.has(name)) this.#forget(name)
    for (const [name, records] of groups) this.#applyService(name, records)
  }

  #forget(name: string): void {
    for (const tracker of this.#services.get(name)?.values() ?? []) tracker.stop()
    this.#services.delete(name)
    this.#host.flood.forget(name)
  }

  /** Whether every instance was tried once. */
  get hasTriedAll(): boolean {
    return [...this.#services.values()].every((trackers) => [...trackers.values()].every(({ hasTried }) => hasTried))
  }

  /** What is known, by service and instance id. */
  get views(): Views {
    return new Map(
      [...this.#services].map(([name, trackers]) => [
        name,
        [...trackers].sort(([a], [b]) => compareText(a, b)).map(([, { view }]) => view),
      ]),
    )
  }

  /** The instances whose manifests are known, for messages to and from them. */
  get members(): Addressee[] {
    return [...this.#services.values()].flatMap((trackers) =>
      [...trackers.values()].flatMap(
        (tracker) =>
          addresseeOf(tracker, (record) => this.#scopeOf({ record, metadata: tracker.metadata, push: tracker.registered })) ?? [],
      ),
    )
  }

  /** Ends every fetch and timer. */
  stop(): void {
    for (const trackers of this.#services.values()) for (const tracker of trackers.values()) tracker.stop()
  }

  #applyService(name: string, records: ReadonlyMap<string, TrackedRecord>): void {
    const trackers = this.#services.get(name) ?? new Map<string, InstanceTracker>()
    this.#services.set(name, trackers)
    for (const [id, tracker] of trackers) {
      const tracked = records.get(id)
      if (tracked !== undefined && isSamePlace(tracker.view.record, tracked.record)) continue
      tracker.stop()
      trackers.delete(id)
    }
    for (const [id, tracked] of records) {
      const tracker = trackers.get(id)
      if (tracker === undefined) trackers.set(id, new InstanceTracker(tracked, this.#host))
      else tracker.update(tracked)
    }
  }

  /** The records to follow, by service and id; at most as many services as the limit. */
  #recognised(instances: readonly Known[]): Map<string, Map<string, TrackedRecord>> {
    const groups = new Map<string, Map<string, TrackedRecord>>()
    let isOver = false
    for (const instance of instances.toSorted((a, b) => byName(a.record, b.record))) {
      const { record, push } = instance
      const tracked = this.#tracked.get(record)
      const isSame = tracked !== undefined && tracked.push === push && tracked.notes.length + instance.notes.length === 0
      const next = isSame ? tracked : recordToTrack(instance, this.#settings.probe)
      if (next === undefined) continue
      const group = groups.get(record.service)
      if (group === undefined && groups.size >= this.#settings.limits.services) {
        isOver = true
        continue
      }
      const records = group ?? new Map<string, TrackedRecord>()
      groups.set(record.service, records)
      // Ids are unique within a provider only.
      const id = records.has(record.id) ? `${record.id}@${record.provider ?? ''}` : record.id
      const named = next.record.id === id ? next : { ...next, record: { ...record, id } }
      this.#tracked.set(record, named)
      records.set(id, named)
    }
    if (isOver && !this.#isOverLimit)
      this.#log.error('there are more FARP services than are routed', { limit: this.#settings.limits.services })
    this.#isOverLimit = isOver
    return groups
  }

  #scopeOf({ record, metadata, push }: Pick<TrackedRecord, 'record' | 'metadata' | 'push'>): TrustScope {
    const peers = [...(this.#services.get(record.service)?.values() ?? [])].flatMap(({ view }) => view.address ?? [])
    const namespace = metadata.get('namespace') ?? metadata.get('kubernetes.namespace') ?? metadata.get('k8s.namespace')
    return {
      registered: [...registeredAddresses(record, metadata), ...peers],
      service: record.service,
      ...(record.provider === PUSH_PROVIDER && push !== undefined ? { itself: { host: push.named, port: push.port } } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      allowedHosts: this.#settings.allowedHosts,
      requireHttps: this.#settings.requireHttps,
    }
  }
}

/** `undefined` for a record that is not to be asked. */
function recordToTrack({ record, push, notes }: Known, probe: boolean | undefined): TrackedRecord | undefined {
  const metadata = readMetadata(record.metadata)
  // Whoever registers itself speaks FARP.
  const expectation = push === undefined ? recognise(metadata, record.provider, probe) : 'declared'
  return expectation === 'no' ? undefined : { record, metadata, expectation, push, notes }
}

function byName(a: ServiceInstance, b: ServiceInstance): number {
  return compareText(a.service, b.service) || compareText(a.provider ?? '', b.provider ?? '') || compareText(a.id, b.id)
}

function isSamePlace(a: ServiceInstance, b: ServiceInstance): boolean {
  return a.host === b.host && a.port === b.port && a.secure === b.secure
}
