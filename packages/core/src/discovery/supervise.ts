import { isOrigin } from '../upstream/endpoint.ts'
import { Latest } from '../latest.ts'
import { originOf } from './resolve.ts'
import { sameData } from '../same.ts'
import { sleep } from '../time.ts'
import type { DiscoveryHost, DiscoveryProvider, KeyValues, ProviderStatus, ServiceInstance, ServiceSet } from './provider.ts'
import type { Logger } from '../log/logger.ts'

/** Registries change in bursts: one rebuild for a rolling deploy, not fifty. */
const COALESCE_MS = 50
const FIRST_PAUSE_MS = 250
/** After an outage of minutes a registry is asked again within this: jitter makes pauses shorter, never longer. */
const LONGEST_PAUSE_MS = 10_000

/** Who is to hear of what a provider says. */
interface Told {
  readonly log: Logger
  readonly changed: () => void
}

/**
 * Runs one provider: starts it again after failures, with back-off and jitter; drops sets that say nothing new; keeps the last good set
 * through an outage and tells its age.
 */
class Supervised {
  readonly provider: DiscoveryProvider
  readonly abort = new AbortController()
  set: ServiceSet | undefined
  syncedAt: number | null = null
  error: string | null = null
  readonly #inherited: ServiceSet
  /** Its last set, with the instances that cannot be used. */
  #reported: ServiceSet | undefined
  readonly #stamped = new WeakMap<ServiceInstance, ServiceInstance>()
  readonly #usable = new WeakSet<ServiceInstance>()
  /** Those of its last set that cannot be used: said once, however often they are told. */
  #unusable: ReadonlySet<string> = new Set()

  /** `inherited` is what those said last in whose place it is; it counts until this one has reported. */
  constructor(provider: DiscoveryProvider, inherited: ServiceSet) {
    this.provider = provider
    this.#inherited = inherited
  }

  /** What is known of its instances. */
  get instances(): ServiceSet {
    return this.set ?? this.#inherited
  }

  async run(log: Logger, changed: () => void): Promise<void> {
    const { signal } = this.abort
    const host: DiscoveryHost = { log, fail: (reason) => this.#fail(reason, { log, changed }) }
    let pause = FIRST_PAUSE_MS
    while (!signal.aborted) {
      let wellSince = Infinity
      let failure = 'The provider ended by itself.'
      try {
        for await (const set of this.provider.watch(signal, host)) {
          if (signal.aborted) return
          wellSince = Math.min(wellSince, performance.now())
          this.#take(set, { log, changed })
        }
      } catch (thrown) {
        failure = thrown instanceof Error ? thrown.message : String(thrown)
      }
      if (signal.aborted) return
      // A registry that tells what there is and refuses to be followed would be asked for all of it several times a second.
      if (performance.now() - wellSince >= pause) pause = FIRST_PAUSE_MS
      this.#fail(failure, { log, changed, pause })
      await sleep(pause * (0.75 + Math.random() / 4), signal)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  #take(set: ServiceSet, { log, changed }: Told): void {
    if (this.error !== null) log.info('discovery provider is back', { provider: this.provider.name, outage_ms: this.#outage })
    this.error = null
    this.syncedAt = Date.now()
    const stamped = set.map((instance) => this.#stamp(instance))
    if (this.#reported !== undefined && sameData(this.#reported, stamped)) return
    this.#reported = stamped
    this.set = stamped.filter((instance) => this.#usable.has(instance))
    this.#complain(
      stamped.filter((instance) => !this.#usable.has(instance)),
      log,
    )
    changed()
  }

  /** `pause` is the time until it is started again. Milliseconds; none where it goes on by itself. */
  #fail(reason: string, { log, changed, pause }: Told & { readonly pause?: number }): void {
    const isKnown = pause === undefined && this.error === reason
    this.error = reason
    if (isKnown || this.abort.signal.aborted) return
    // The others need not wait for one that cannot be reached.
    if (this.set === undefined) changed()
    log.warn('discovery provider failed; its last instances are kept', {
      provider: this.provider.name,
      reason,
      age_ms: this.#outage,
      ...(pause === undefined ? {} : { retry_in_ms: Math.round(pause) }),
    })
  }

  /** The instance with the name of its provider. One that is the same object as before has been looked at: thousands stay while one changes. */
  #stamp(instance: ServiceInstance): ServiceInstance {
    const known = this.#stamped.get(instance)
    if (known !== undefined) return known
    const stamped = { ...instance, provider: this.provider.name }
    this.#stamped.set(instance, stamped)
    if (isUsable(stamped)) this.#usable.add(stamped)
    return stamped
  }

  #complain(unusable: ServiceSet, log: Logger): void {
    const keyed = new Map(unusable.map((instance) => [`${instance.service}\0${instance.id}\0${originOf(instance)}`, instance]))
    for (const [key, { service, id }] of keyed) {
      if (!this.#unusable.has(key))
        log.warn('discovery reported an instance without a usable address', { provider: this.provider.name, service, instance: id })
    }
    this.#unusable = new Set(keyed.keys())
  }

  /** Milliseconds since the last set, or `null` before the first. */
  get #outage(): number | null {
    return this.syncedAt === null ? null : Date.now() - this.syncedAt
  }

  status(): ProviderStatus {
    return {
      name: this.provider.name,
      state: this.error !== null ? 'failing' : this.set === undefined ? 'starting' : 'synced',
      instances: this.set?.length ?? 0,
      syncedAt: this.syncedAt,
      error: this.error,
    }
  }
}

/** A registry's word is taken for an address only where it is one: a host such as `a/b` would become part of a request. */
function isUsable(instance: ServiceInstance): boolean {
  return Number.isInteger(instance.port) && isOrigin(originOf(instance))
}

/** All providers of a gateway, run once each, read by many. */
export class Discovery {
  /** Set for the first time when every provider has reported or failed. */
  readonly services = new Latest<ServiceSet>()
  readonly #log: Logger
  #running: Supervised[] = []
  #isComplete = false
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(log: Logger) {
    this.#log = log
  }

  /** Runs these providers: equal ones go on, others are started or stopped. */
  use(providers: readonly DiscoveryProvider[]): void {
    const before = this.#running
    const sameOf = (provider: DiscoveryProvider): Supervised | undefined => before.find((one) => sameProvider(one.provider, provider))
    const kept = new Set(providers.map(sameOf))
    const gone = before.filter((one) => !kept.has(one))
    const started: Supervised[] = []
    this.#running = providers.map((provider) => {
      const same = sameOf(provider)
      if (same !== undefined) return same
      const supervised = new Supervised(provider, inheritedBy(provider, gone))
      started.push(supervised)
      return supervised
    })
    for (const one of gone) one.abort.abort()
    for (const supervised of started) void supervised.run(this.#log, () => this.#changed())
    if (started.length === 0) this.#publish()
  }

  /** Whether every provider has reported once. */
  get hasReported(): boolean {
    return this.#running.every((supervised) => supervised.set !== undefined)
  }

  /** The key-value store of the first provider of this name that has one. */
  keyValues(name: string): KeyValues | undefined {
    return this.#running.find(({ provider }) => provider.name === name && provider.keyValues !== undefined)?.provider.keyValues
  }

  get status(): readonly ProviderStatus[] {
    return this.#running.map((supervised) => supervised.status())
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (const supervised of this.#running) supervised.abort.abort()
  }

  #changed(): void {
    // The first complete set goes out at once: somebody is waiting to become ready.
    if (this.services.value === undefined) this.#publish()
    else this.#timer ??= setTimeout(() => this.#publish(), COALESCE_MS)
  }

  /** Of two instances with one id the one of the provider that is named first counts. */
  #merged(): ServiceInstance[] {
    const merged = new Map<string, ServiceInstance>()
    const trusted = this.#running.filter(({ provider }) => provider.yields !== true).flatMap(({ instances }) => instances)
    for (const instance of [...trusted, ...yielding(this.#running)]) {
      const key = `${instance.service}\0${instance.id}`
      if (!merged.has(key)) merged.set(key, instance)
    }
    return [...merged.values()]
  }

  #publish(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#running.some((supervised) => supervised.set === undefined && supervised.error === null)) return
    const next = this.#merged()
    // Readers also learn that the set has become complete.
    const isNewlyComplete = !this.#isComplete && this.hasReported
    this.#isComplete ||= isNewlyComplete
    if (isNewlyComplete || this.services.value === undefined || !sameData(this.services.value, next)) this.services.set(next)
  }
}

/** What anybody could claim takes nothing from what a registry says: the names of others are theirs alone. */
function yielding(running: readonly Supervised[]): ServiceSet {
  const others = running.filter(({ provider }) => provider.yields !== true)
  // What they know is not known yet: any name might be theirs.
  if (others.some((one) => one.set === undefined && one.instances.length === 0)) return []
  const taken = new Set(others.flatMap(({ instances }) => instances.map(({ service }) => service.toLowerCase())))
  const claims = running.filter(({ provider }) => provider.yields === true).flatMap(({ instances }) => instances)
  return claims.filter(({ service }) => !taken.has(service.toLowerCase()))
}

/** A provider with other options takes the place of the one of its name, one of another name that of all that go: their last word holds meanwhile. */
function inheritedBy(provider: DiscoveryProvider, gone: readonly Supervised[]): ServiceSet {
  const named = gone.filter((one) => one.provider.name === provider.name)
  return (named.length > 0 ? named : gone).flatMap((one) => one.instances)
}

function sameProvider(a: DiscoveryProvider, b: DiscoveryProvider): boolean {
  return a === b || (a.name === b.name && a.identity !== undefined && sameData(a.identity, b.identity))
}
