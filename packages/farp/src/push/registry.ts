import { sleep } from '@octopus-gateway/core'
import { compareText } from '../semver.ts'
import { messageOf } from '../text.ts'
import {
  beatKey,
  entryKind,
  identityOf,
  readBeat,
  readRegistration,
  registrationKey,
  STORE_PREFIX,
  writeRegistration,
} from './registration.ts'
import type { Beat, Registration } from './registration.ts'
import type { KeyValueStore, Logger, StoreEntry } from '@octopus-gateway/core'

/** What the registry needs. */
export interface RegistryHost {
  readonly store: KeyValueStore
  readonly log: Logger
  /** Milliseconds without a heartbeat until an instance that sends them is out. */
  readonly heartbeatTimeout: number
  /** The registrations of this service are other ones than before; without a name, any may be. */
  changed(service?: string): void
}

/** Between two looks at what the store has. */
const RECONCILE_MS = 100

type Why = 'deregistered' | 'no heartbeat' | 'nobody there' | 'removed by another gateway'

/**
 * Everything that has registered itself: complete, here and, through the store, in every gateway that shares it. What happens here holds at once;
 * the store is told, and what it says of others is taken over. A store that fails costs durability, never a registration.
 */
export class Registry {
  readonly #host: RegistryHost
  readonly #registrations = new Map<string, Registration>()
  /** When a sign of life was last seen, by this process's clock: clocks of other gateways differ. */
  readonly #signs = new Map<string, number>()
  /** When a heartbeat was last stored. */
  readonly #storedBeats = new Map<string, number>()
  /** Registrations that the store could not take, and those it is being told of. */
  readonly #unsaved = new Set<string>()
  /** Writes of one instance go one after the other: a deletion must not overtake what it deletes. */
  readonly #writing = new Map<string, Promise<boolean>>()
  /** What went a moment ago: an older list of the store may still have it. */
  readonly #gone = new Map<string, number>()
  /** Entries of the store as they were seen last: to read all of them for each change of one would be most of the work. */
  #seen: ReadonlyMap<string, string> = new Map()
  readonly #stop = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the timer looks at all deadlines; none is earlier. */
  #wakesAt = Infinity
  /** How many instances each service has. */
  readonly #counts = new Map<string, number>()
  #characters = 0
  #isLoaded = false

  constructor(host: RegistryHost) {
    this.#host = host
    void this.#follow()
  }

  /** Whether the store has been read once, or cannot be. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** All registrations, by service and id. */
  get list(): readonly Registration[] {
    return [...this.#registrations.values()].sort((a, b) => compareText(a.service, b.service) || compareText(a.id, b.id))
  }

  /** All registrations that fit. In no order. */
  where(fits: (registration: Registration) => boolean): readonly Registration[] {
    const found: Registration[] = []
    for (const registration of this.#registrations.values()) if (fits(registration)) found.push(registration)
    return found
  }

  get(service: string, id: string): Registration | undefined {
    return this.#registrations.get(identityOf({ service, id }))
  }

  /** How many instances of a service there are. */
  countOf(service: string): number {
    return this.#counts.get(service) ?? 0
  }

  /** How many services have instances. */
  get services(): number {
    return this.#counts.size
  }

  /** How long all registered manifests are together. */
  get characters(): number {
    return this.#characters
  }

  /** Registers an instance, or registers it anew. Resolves once it is stored, or cannot be. */
  async put(given: Omit<Registration, 'revision' | 'registeredAt' | 'beatAt'>): Promise<Registration> {
    const identity = identityOf(given)
    const before = this.#registrations.get(identity)
    const now = Date.now()
    const registration: Registration = {
      ...given,
      registeredAt: before?.registeredAt ?? now,
      // Later than every one before, also where clocks differ.
      revision: Math.max(now, (before?.revision ?? 0) + 1),
      beatAt: before?.beatAt,
    }
    this.#take(identity, registration)
    this.#host.changed(given.service)
    this.#unsaved.add(identity)
    if (await this.#store(() => this.#host.store.set(registrationKey(identity), writeRegistration(registration)), registration)) {
      this.#unsaved.delete(identity)
    }
    return registration
  }

  /** A heartbeat. Resolves once it is stored where that is needed. */
  async beat({ service, id }: Registration, status: string): Promise<void> {
    const identity = identityOf({ service, id })
    const before = this.#registrations.get(identity)
    if (before === undefined) return
    const now = Date.now()
    const isNews = before.beatAt === undefined || before.status !== status
    const registration = { ...before, status, beatAt: now }
    this.#take(identity, registration)
    // A heartbeat only moves its deadline away: the timer finds that out by itself.
    if (isNews) this.#host.changed(service)
    // Others need one in time, not every one.
    const isDue = now - (this.#storedBeats.get(identity) ?? 0) >= this.#host.heartbeatTimeout / 2
    if (!isNews && !isDue) return
    this.#storedBeats.set(identity, now)
    const beat: Beat = { at: now, status }
    await this.#store(() => this.#host.store.set(beatKey(identity), JSON.stringify(beat)), registration)
  }

  /** Takes an instance out at once. */
  async remove({ service, id }: Pick<Registration, 'service' | 'id'>, why: Why): Promise<void> {
    const identity = identityOf({ service, id })
    const registration = this.#registrations.get(identity)
    if (registration === undefined) return
    this.#drop(identity, registration, why)
    this.#host.changed(service)
    const { store } = this.#host
    await this.#store(() => store.delete(registrationKey(identity)), registration)
    await this.#store(() => store.delete(beatKey(identity)), registration)
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  #take(identity: string, registration: Registration): void {
    const before = this.#registrations.get(identity)
    this.#characters += (registration.manifest?.length ?? 0) - (before?.manifest?.length ?? 0)
    if (before === undefined) this.#counts.set(registration.service, this.countOf(registration.service) + 1)
    this.#registrations.set(identity, registration)
    this.#signs.set(identity, Date.now())
    this.#gone.delete(identity)
    this.#wakeAt(this.#deadlineOf(identity, registration))
  }

  #drop(identity: string, registration: Registration, why: Why): void {
    this.#characters -= this.#registrations.get(identity)?.manifest?.length ?? 0
    const left = this.countOf(registration.service) - 1
    if (left === 0) this.#counts.delete(registration.service)
    else this.#counts.set(registration.service, left)
    this.#registrations.delete(identity)
    this.#signs.delete(identity)
    this.#storedBeats.delete(identity)
    this.#unsaved.delete(identity)
    const now = Date.now()
    for (const [name, at] of this.#gone) if (now - at > 60_000) this.#gone.delete(name)
    this.#gone.set(identity, now)
    const { service, id: instance } = registration
    this.#host.log.info('a registered instance is gone', { service, instance, reason: why })
  }

  /** One timer, for the instance whose time may be over first. Deadlines that move away are found out when it rings. */
  #wakeAt(time: number): void {
    if (time >= this.#wakesAt || this.#stop.signal.aborted) return
    clearTimeout(this.#timer)
    this.#wakesAt = time
    this.#timer = setTimeout(() => this.#evict(), Math.max(1, Math.min(time - Date.now(), 2_147_483_647)))
  }

  /** Whoever has never sent a heartbeat does not send any: its silence says nothing. */
  #deadlineOf(identity: string, { beatAt }: Registration): number {
    return beatAt === undefined ? Infinity : this.#signs.get(identity)! + this.#host.heartbeatTimeout
  }

  #evict(): void {
    const now = Date.now()
    this.#wakesAt = Infinity
    let next = Infinity
    for (const [identity, registration] of this.#registrations) {
      const deadline = this.#deadlineOf(identity, registration)
      if (deadline <= now) void this.remove(registration, 'no heartbeat')
      else next = Math.min(next, deadline)
    }
    this.#wakeAt(next)
  }

  /** Whether the store took it. */
  async #store(work: () => Promise<unknown>, registration: Registration): Promise<boolean> {
    const identity = identityOf(registration)
    const turn = (this.#writing.get(identity) ?? Promise.resolve(true)).then(() => this.#attempt(work, registration))
    this.#writing.set(identity, turn)
    const isStored = await turn
    if (this.#writing.get(identity) === turn) this.#writing.delete(identity)
    return isStored
  }

  async #attempt(work: () => Promise<unknown>, { service, id: instance }: Registration): Promise<boolean> {
    try {
      await work()
      return true
    } catch (thrown) {
      const error = messageOf(thrown)
      this.#host.log.error('a registration could not be stored; it holds in this process only', { service, instance, error })
      return false
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    let pause = 250
    while (!signal.aborted) {
      try {
        for await (const entries of this.#host.store.watch(STORE_PREFIX, signal)) {
          pause = 250
          await this.#reconcile(entries)
          this.#loaded()
          // Every write of this process comes back as a list of everything: many registrations at once are one list.
          await sleep(RECONCILE_MS, signal)
        }
      } catch (thrown) {
        this.#host.log.error('registrations cannot be read from the store; those that are known hold', { error: messageOf(thrown) })
      }
      if (signal.aborted) return
      this.#loaded()
      await sleep(pause, signal)
      pause = Math.min(pause * 2, 30_000)
    }
  }

  #loaded(): void {
    if (this.#isLoaded) return
    this.#isLoaded = true
    this.#host.changed()
  }

  /** Takes over what other gateways did. A list may be older than what happened here: what it lacks or has anew is asked for once more. */
  async #reconcile(entries: readonly StoreEntry[]): Promise<void> {
    const { store, log } = this.#host
    const stored = new Set<string>()
    const beats = new Map<string, Beat>()
    const before = this.#seen
    this.#seen = new Map(entries.map(({ key, value }) => [key, value]))
    let isChanged = false
    for (const { key, value } of entries) {
      const entry = entryKind(key)
      if (entry === undefined) continue
      const { kind, identity } = entry
      const isSeen = before.get(key) === value && this.#registrations.has(identity)
      if (isSeen) {
        if (kind === 'instance') stored.add(identity)
        continue
      }
      if (kind === 'beat') {
        const beat = readBeat(value)
        if (beat !== undefined) beats.set(identity, beat)
        continue
      }
      stored.add(identity)
      const registration = readRegistration(value, identity)
      if (registration === undefined) {
        log.warn('a stored registration is not usable and is left alone', { key })
        continue
      }
      if (!this.#registrations.has(identity) && !(await this.#isStillThere(identity))) continue
      // Meanwhile it may have registered itself again, here.
      const known = this.#registrations.get(identity)
      if (known !== undefined && registration.revision <= known.revision) continue
      this.#take(identity, { ...registration, beatAt: known?.beatAt })
      isChanged = true
    }
    for (const [identity, { at, status }] of beats) {
      const known = this.#registrations.get(identity)
      if (known === undefined || at <= (known.beatAt ?? 0)) continue
      this.#take(identity, { ...known, beatAt: at, status: at >= known.revision ? status : known.status })
      isChanged = true
    }
    for (const [identity, registration] of this.#registrations) {
      if (stored.has(identity) || this.#unsaved.has(identity)) continue
      if ((await store.get(registrationKey(identity))) !== undefined || this.#registrations.get(identity) !== registration) continue
      this.#drop(identity, registration, 'removed by another gateway')
      isChanged = true
    }
    if (isChanged) this.#host.changed()
  }

  async #isStillThere(identity: string): Promise<boolean> {
    return !this.#gone.has(identity) || (await this.#host.store.get(registrationKey(identity))) !== undefined
  }
}
