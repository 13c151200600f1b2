import { finding } from '../findings.ts'
import { messageOf } from '../text.ts'
import { generationOf } from './view.ts'
import { inspect } from './inspect.ts'
import { manifestReader } from '../manifest/parse.ts'
import { ownAddress } from './whereabouts.ts'
import { Pause } from './pause.ts'
import { withReportedStatus } from '../push/reported-status.ts'
import type { Address } from '../address.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { Finding, Logger, ServiceInstance, SourceMeter } from '@octopus-gateway/core'
import type { FloodGate } from './flood.ts'
import type { Inspected } from './inspect.ts'
import type { InstanceView, Told } from './view.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Metadata } from '../metadata.ts'
import type { ParsedManifest } from '../manifest/parse.ts'
import type { RegistryStore } from '../schemas/registry.ts'
import type { Registration } from '../push/registration.ts'
import type { SchemaCache } from '../schemas/content.ts'
import type { Settings } from '../options.ts'
import type { TrustScope } from '../trust.ts'

/** A record that is to be followed. */
export interface TrackedRecord {
  readonly record: ServiceInstance
  readonly metadata: Metadata
  readonly expectation: 'declared' | 'probe'
  /** What the instance said when it registered itself, if it did. */
  readonly push: Registration | undefined
  /** What is to be known of it beside what looks find. */
  readonly notes: readonly Finding[]
}

/** What trackers share. */
export interface TrackerHost {
  readonly settings: Settings
  readonly fetcher: DocumentFetcher
  readonly cache: SchemaCache
  readonly flood: FloodGate
  readonly log: Logger
  readonly meter: SourceMeter
  scopeOf(tracked: Pick<TrackedRecord, 'record' | 'metadata' | 'push'>): TrustScope
  /** The store of the registry that a record is from. */
  storeOf(record: ServiceInstance, signal: AbortSignal): RegistryStore | undefined
  /** Looks found nobody, so many in a row. */
  silent(tracked: TrackedRecord, looks: number): void
  /** A view changed, or the first attempt ended. */
  changed(): void
}

/** Follows one instance: one look at a time, again after every interval, until it is stopped. */
export class InstanceTracker {
  readonly #host: TrackerHost
  readonly #controller = new AbortController()
  readonly #pause = new Pause()
  readonly #parse: (content: string | Uint8Array) => ParsedManifest
  #tracked: TrackedRecord
  #view: InstanceView
  #signature = ''
  #misses = 0
  #silences = 0
  #hasTried = false
  /** What the last look found, before what was reported is laid over it. */
  #found: { readonly manifest: Manifest | undefined; readonly isPushed: boolean; readonly findings: readonly Finding[] } = NOTHING

  constructor(tracked: TrackedRecord, host: TrackerHost) {
    this.#host = host
    this.#tracked = tracked
    const { strict, limits } = host.settings
    this.#parse = manifestReader({ mode: strict ? 'strict' : 'lenient', newerMinor: true, addressKnown: true, limits })
    const { record, metadata } = tracked
    this.#view = {
      record,
      address: ownAddress(record, metadata),
      condition: 'pending',
      isReachable: true,
      manifest: undefined,
      manifestUrl: undefined,
      schemas: [],
      generation: '',
      includeInternal: metadata.is('farp.include.internal.paths'),
      told: {},
      findings: tracked.notes,
      push: undefined,
    }
    void this.#run()
  }

  get view(): InstanceView {
    return this.#view
  }

  /** The registration that belongs to it. */
  get registered(): Registration | undefined {
    return this.#tracked.push
  }

  /** Whether one attempt has ended. */
  get hasTried(): boolean {
    return this.#hasTried
  }

  /** Takes over a changed record of the same address. New metadata, and a new registration, are acted on at once. */
  update(tracked: TrackedRecord): void {
    if (tracked === this.#tracked) return
    const { record, push } = this.#tracked
    const isSilent =
      JSON.stringify(record.metadata) === JSON.stringify(tracked.record.metadata) && push?.revision === tracked.push?.revision
    this.#tracked = tracked
    this.#show({
      record: tracked.record,
      includeInternal: tracked.metadata.is('farp.include.internal.paths'),
      ...(tracked.push === undefined ? { push: undefined } : {}),
    })
    if (!isSilent) this.look()
  }

  /** Looks at once, or once more when a look is under way. */
  look(): void {
    this.#pause.end()
  }

  get metadata(): Metadata {
    return this.#tracked.metadata
  }

  /** The instance itself says how it is. */
  tell(told: Told): void {
    this.#show({ told })
  }

  /** Ends everything at once, a running fetch included. */
  stop(): void {
    if (this.#found.manifest !== undefined) this.#host.meter.manifestSeen()
    this.#controller.abort()
    this.#pause.end()
  }

  async #run(): Promise<void> {
    const { settings, log } = this.#host
    const { signal } = this.#controller
    while (!signal.aborted) {
      try {
        await this.#look()
      } catch (thrown) {
        log.error('a FARP instance could not be looked at', {
          service: this.#view.record.service,
          instance: this.#view.record.id,
          error: messageOf(thrown),
        })
      }
      if (signal.aborted) return
      if (!this.#hasTried) {
        this.#hasTried = true
        this.#host.changed()
      }
      // Jitter: instances found together must not be asked together for ever.
      await this.#pause.wait(settings.watchInterval * (0.9 + Math.random() * 0.2) * this.#backOff())
    }
  }

  /** An instance that is silent for long holds a place in the queue each time: it is asked less and less often, up to every eighth interval. */
  #backOff(): number {
    return Math.min(8, 2 ** Math.max(0, this.#misses - this.#host.settings.limits.misses))
  }

  async #look(): Promise<void> {
    const tracked = this.#tracked
    const { record, metadata, expectation, push } = tracked
    const { settings, fetcher, cache, meter } = this.#host
    const { signal } = this.#controller
    const own = this.#view.address
    if (own === undefined) {
      this.#show({ condition: 'failed', findings: [finding('NO_ADDRESS', 'the discovery record has no usable address')] })
      return
    }
    const result = await inspect({
      record,
      metadata,
      own,
      scope: this.#host.scopeOf(tracked),
      expectation,
      parse: this.#parse,
      settings,
      fetcher,
      cache,
      meter,
      store: this.#host.storeOf(record, signal),
      isKnown: this.#isKnownGood,
      schemas: this.#view.schemas,
      pushed: push?.manifest === undefined ? undefined : { manifest: push.manifest, isFresh: push.revision !== this.#view.push?.revision },
      signal,
    })
    if (signal.aborted) return
    this.#take(result, own)
    this.#silences = result.kind === 'silent' ? this.#silences + 1 : 0
    if (push !== undefined) this.#show({ push: { id: push.id, revision: push.revision } })
    if (this.#silences > 0) this.#host.silent(tracked, this.#silences)
  }

  get #isKnownGood(): boolean {
    return this.#view.manifest !== undefined && this.#view.condition !== 'fallback'
  }

  #take(result: Inspected, own: Address): void {
    const { health, ...rest } = this.#view.told
    if (health !== undefined && health.until <= Date.now()) this.#show({ told: rest })
    switch (result.kind) {
      case 'manifest':
        return this.#takeManifest(result)
      case 'failed':
        return this.#keepLast(result.findings)
      case 'none':
        if (this.#isKnownGood) return this.#keepLast([finding('MANIFEST_UNAVAILABLE', 'the instance no longer serves a manifest')])
        this.#misses = 0
        return this.#show({ condition: 'none', isReachable: true, findings: [] })
      case 'silent':
        return this.#miss(result, own)
    }
  }

  #takeManifest({ condition, manifest, manifestUrl, isPushed, schemas, findings }: Inspected & { kind: 'manifest' }): void {
    const { flood, meter } = this.#host
    this.#misses = 0
    if (manifest !== this.#found.manifest) meter.manifestSeen()
    const generation = generationOf(manifest, schemas, this.#view.includeInternal)
    const isChange = this.#view.manifest !== undefined && this.#view.generation !== generation
    if (isChange && !flood.admit(this.#view.record.service)) {
      const note = finding(
        'UPDATE_FLOOD',
        `the service changes more than ${this.#host.settings.limits.updatesPerMinute} times a minute; the last change is not taken over yet`,
      )
      return this.#show({ isReachable: true, findings: [...findings, note] })
    }
    // Another process at the same place, or another word in the manifest, is newer than what was told.
    const before = this.#view.manifest
    const isNews = before?.instanceId !== manifest.instanceId || before?.instance?.status !== manifest.instance?.status
    const told = isNews ? {} : this.#view.told
    this.#show({ condition, isReachable: true, manifest, isPushed, manifestUrl, schemas, generation, told, findings })
  }

  /** It is there, but what it says is of no use: the last good word stands. */
  #keepLast(findings: readonly Finding[]): void {
    this.#misses = 0
    this.#show({ condition: this.#view.manifest === undefined ? 'failed' : 'stale', isReachable: true, findings })
  }

  /** A refused connection is an answer: nobody is there. Silence has to repeat itself. */
  #miss({ failure, findings }: Inspected & { kind: 'silent' }, own: Address): void {
    const { misses } = this.#host.settings.limits
    const isRefused = failure.kind === 'refused'
    // A refusal costs nothing: such an instance is asked at the usual pace and found at once when it is back.
    this.#misses = isRefused ? misses : this.#misses + 1
    const isGone = isRefused || this.#misses >= misses
    const note = finding('INSTANCE_UNREACHABLE', `${own.host}:${own.port} gets no requests: ${failure.message}`)
    this.#show({
      condition: this.#view.manifest === undefined ? 'failed' : 'stale',
      isReachable: this.#view.isReachable && !isGone,
      findings: isGone ? [...findings, note] : findings,
    })
  }

  /** `manifest` and `findings` as a look found them; the reported status and the notes are laid over them here. */
  #show({ manifest: found, findings, isPushed, ...change }: Partial<InstanceView> & { readonly isPushed?: boolean }): void {
    const { push, notes } = this.#tracked
    this.#found = {
      manifest: found ?? this.#found.manifest,
      isPushed: isPushed ?? this.#found.isPushed,
      findings: findings ?? this.#found.findings,
    }
    const now = this.#found
    const effective =
      now.manifest === undefined || push === undefined ? now.manifest : withReportedStatus(now.manifest, push.status, now.isPushed)
    const view = { ...this.#view, ...change, manifest: effective, findings: [...notes, ...now.findings] }
    const { manifest, schemas, ...plain } = view
    const signature = JSON.stringify([plain, manifest?.instance, manifest?.updatedAt, schemas.map(({ content }) => content.hash)])
    // The same object for the same view: whoever compares views does so by identity, and discovery repeats all of its records for every change of one.
    if (signature === this.#signature && manifest === this.#view.manifest) return
    this.#view = view
    if (signature === this.#signature) return
    this.#signature = signature
    this.#host.changed()
  }
}

const NOTHING = { manifest: undefined, isPushed: false, findings: [] } as const
