import { assemble, checkOptions } from './snapshot/assemble.ts'
import { builtInRoutes } from './snapshot/built-in.ts'
import { CompiledRoutes } from './snapshot/compiled.ts'
import { ConfigError, GatewayError, toGatewayError } from './errors.ts'
import { Copies } from './exchange/copies.ts'
import { Current, Generation } from './snapshot/current.ts'
import { Deadlines } from './exchange/deadlines.ts'
import { diffSnapshots } from './snapshot/diff.ts'
import { Discovery } from './discovery/supervise.ts'
import { enforcedBy } from './snapshot/validate-auth.ts'
import { farpCounts, observe } from './metrics/observe.ts'
import { HEALTH } from './upstream/health/verdict.ts'
import { HealthChecks } from './upstream/health/checks.ts'
import { LaneHost, LANES } from './lane-host.ts'
import { logConflicts } from './snapshot/conflicts.ts'
import { Metrics } from './metrics/gateway-metrics.ts'
import { memoryStore } from './store/memory.ts'
import { PluginSet } from './plugin/set.ts'
import { resolveOptions } from './resolve-options.ts'
import { RouteTable } from './routing/table.ts'
import { sameData } from './same.ts'
import { silentLogger } from './log/logger.ts'
import { sleep } from './time.ts'
import { Sources } from './snapshot/run-sources.ts'
import { UpstreamSet } from './upstream/upstream-set.ts'
import type { Assembly, Workshop } from './snapshot/assemble.ts'
import type { Copy } from './exchange/copy.ts'
import type { Context } from './exchange/request-context.ts'
import type { ProvidedEndpoint } from './snapshot/source.ts'
import type { DocumentKind, RouteSet } from './snapshot/route-set.ts'
import type { EndpointStatus } from './upstream/endpoint-state.ts'
import type { Gateway } from './gateway-types.ts'
import type { GatewayEvent, GatewayListener } from './snapshot/events.ts'
import type { GatewayOptions } from './options.ts'
import type { LiveUpstream } from './upstream/live-upstream.ts'
import type { Logger } from './log/logger.ts'
import type { Opener } from './exchange/open.ts'
import type { ProviderStatus, ServiceSet } from './discovery/provider.ts'
import type { Snapshot, SnapshotDiff } from './snapshot/snapshot.ts'
import type { Upstream } from './upstream/upstream.ts'

/**
 * Makes a gateway. Returns at once: configuration is validated and plugins are set up while `ready` is pending, discovery starts after it.
 * Nothing is global; any number of gateways live side by side.
 *
 * @example
 * const gateway = createGateway({ upstreams: { users: ['http://127.0.0.1:8081'] }, routes: [{ path: '/users/*', upstream: 'users' }] })
 * const response = await gateway.request('/users/7')
 */
export function createGateway(options: GatewayOptions): Gateway {
  return new RunningGateway(options)
}

/** The longest that a gateway which is disposed waits for what its sources still have to say. */
const FAREWELL_MS = 3_000

type SnapshotListener = (next: Snapshot, previous: Snapshot, diff: SnapshotDiff) => void
type EndpointsListener = (upstream: Upstream) => void

class RunningGateway implements Gateway {
  readonly ready: Promise<void>
  readonly synced: Promise<void>
  readonly metrics: Metrics
  readonly [LANES]: LaneHost
  readonly [HEALTH]: HealthChecks
  #options: GatewayOptions
  readonly #log: Logger
  readonly #current: Current
  readonly #workshop: Workshop
  readonly #deadlines = new Deadlines()
  readonly #copies = new Copies(this.#deadlines, (upstream, outcome) => this.metrics.mirrored(upstream, outcome))
  readonly #discovery: Discovery
  readonly #sources: Sources
  readonly #opener: { -readonly [K in keyof Opener]: Opener[K] }
  readonly #onSnapshot = new Set<SnapshotListener>()
  readonly #onEndpoints = new Set<EndpointsListener>()
  /** Those of sources. */
  readonly #listeners = new Set<GatewayListener>()
  readonly #stop = new AbortController()
  #assembly: Assembly | null = null
  #generation = 0
  #applied: ReadonlyMap<string, readonly RouteSet[]> = new Map()
  #building: Promise<unknown> = Promise.resolve()
  #isScheduled = false
  /** Builds that were asked for and do not serve yet. */
  #unapplied = 0
  #isReady = false
  #isSynced = false
  #markSynced: () => void = () => {}
  #failSynced: (reason: GatewayError) => void = () => {}

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#log = options.log ?? silentLogger
    const plugins = new PluginSet(this.#log)
    this.metrics = new Metrics({
      farp: () => farpCounts(this.snapshot),
      providers: () => this.#discovery.status,
      upstreams: () => this.#liveUpstreams,
      plugins: () => plugins.list,
    })
    this.#workshop = {
      upstreams: new UpstreamSet(this.#log, (change) => this.#announce({ kind: 'circuit', ...change })),
      plugins,
      compiled: new CompiledRoutes(),
      seriesFor: (label) => this.metrics.seriesFor(label),
    }
    const empty: Snapshot = { generation: 0, routes: [], upstreams: new Map(), sets: new Map(), standby: [], table: new RouteTable() }
    this.#current = new Current(new Generation(empty, () => {}))
    this.#discovery = new Discovery(this.#log)
    const enforced = (): ReadonlySet<string> => enforcedBy(this.#assembly?.hooks ?? [])
    this.#sources = new Sources(this.#discovery, this.#log, {
      store: options.store ?? memoryStore(),
      get enforced() {
        return enforced()
      },
      changed: () => this.#schedule(),
      on: (listener) => {
        this.#listeners.add(listener)
        return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
      },
      // Builds are made in turn: what was asked for before is done when the turn comes.
      applied: () => this.#exclusively(() => Promise.resolve()),
      meter: this.metrics.farp,
    })
    const resolved = resolveOptions({})
    this.#opener = {
      shared: this.#sharedBy(options, resolved.trusted),
      limits: resolved.limits,
      builtIn: builtInRoutes([], this.#workshop),
    }
    this[LANES] = new LaneHost({
      opener: this.#opener,
      metrics: this.metrics,
      acquire: () => this.#current.acquire(),
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    })
    this[HEALTH] = new HealthChecks(this.#log, options.fetch ?? ((input, init) => globalThis.fetch(input, init)))
    this.ready = this.#start()
    const reported = new Promise<void>((resolve, reject) => {
      this.#markSynced = resolve
      this.#failSynced = reject
    })
    reported.catch(() => {})
    this.synced = this.ready.then(() => reported)
    // Whoever waits for them learns of a failure; a gateway nobody waits for must not end the process.
    this.ready.catch(() => {})
    this.synced.catch(() => {})
  }

  get snapshot(): Snapshot {
    return this.#current.generation.snapshot
  }

  get #liveUpstreams(): LiveUpstream[] {
    return [...this.snapshot.upstreams.values()] as LiveUpstream[]
  }

  get isSynced(): boolean {
    return this.#isSynced
  }

  get services(): ServiceSet {
    return this.#discovery.services.value ?? []
  }

  get providers(): readonly ProviderStatus[] {
    return this.#discovery.status
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    if (!this.#isReady) {
      try {
        await this.ready
      } catch {
        // The reason is told to whoever waits for `ready`; a client only learns that there is no service.
        return notReady()
      }
    }
    return this.#stop.signal.aborted ? notReady() : this[LANES].fetch(request)
  }

  async request(path: string, init?: RequestInit): Promise<Response> {
    return this.fetch(new Request(new URL(path, 'http://gateway.test'), init))
  }

  endpoints(upstream: Upstream): readonly EndpointStatus[] {
    return (upstream as LiveUpstream).status(performance.now())
  }

  async document(hash: string): Promise<unknown> {
    for (const source of this.#sources.list) {
      const document = await source.document?.(hash)
      if (document !== undefined) return document
    }
    return undefined
  }

  async federated(kind: DocumentKind): Promise<unknown> {
    for (const source of this.#sources.list) {
      const document = await source.federated?.(kind)
      if (document !== undefined) return document
    }
    return undefined
  }

  get provided(): readonly ProvidedEndpoint[] {
    return this.#sources.list.flatMap(({ endpoints = [] }) => endpoints)
  }

  update(options: GatewayOptions, how: { readonly dryRun?: boolean } = {}): Promise<SnapshotDiff> {
    return this.#exclusively(async () => {
      if (this.#stop.signal.aborted) throw new GatewayError('NOT_READY', 'The gateway was disposed.')
      const sets = this.#sources.sets(options.sources ?? [])
      const assembly = await this.#prepare(options, sets)
      if (how.dryRun === true) {
        const diff = await diffSnapshots(this.snapshot, assembly.generation.snapshot, assembly.planned(this.services))
        await assembly.abandon()
        return diff
      }
      const diff = await this.#adopt(options, assembly, sets)
      this.#discovery.use(options.discovery ?? [])
      this.#sources.use(options.sources ?? [])
      this.#announce({ kind: 'updated' })
      return diff
    })
  }

  /** A generation for these options. Rejects with a `ConfigError` that names every issue; then nothing has changed. */
  async #prepare(options: GatewayOptions, sets: ReadonlyMap<string, readonly RouteSet[]>): Promise<Assembly> {
    const issues = [...resolveOptions(options).issues, ...(await checkOptions(options))]
    if (issues.length > 0) throw new ConfigError(issues)
    return this.#assemble(options, sets)
  }

  async #adopt(options: GatewayOptions, assembly: Assembly, sets: ReadonlyMap<string, readonly RouteSet[]>): Promise<SnapshotDiff> {
    const { limits, trusted } = resolveOptions(options)
    return this.#swap(assembly, sets, () => {
      this.#options = options
      this.#opener.limits = limits
      this.#opener.shared = this.#sharedBy(options, trusted)
    })
  }

  on(event: 'snapshot' | 'endpoints', listener: SnapshotListener | EndpointsListener): Disposable {
    const listeners = (event === 'snapshot' ? this.#onSnapshot : this.#onEndpoints) as Set<unknown>
    listeners.add(listener)
    return { [Symbol.dispose]: () => void listeners.delete(listener) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    const goodbye = this.#sayGoodbye()
    if (goodbye !== null) await goodbye
    this.#sources.stop()
    this.#discovery.stop()
    this[HEALTH].stop()
    this.#failSynced(new GatewayError('NOT_READY', 'The gateway was disposed.'))
    await this.#building.catch(() => {})
    const underWay = Array.from(this.#deadlines, (request) => request as Context | Copy<unknown, unknown>)
    for (const request of underWay) request.end(new GatewayError('NOT_READY', 'The gateway was disposed.'))
    this.#deadlines.stop()
    await this.#assembly?.abandon()
  }

  async #start(): Promise<void> {
    const options = this.#options
    await this.#exclusively(async () => this.#adopt(options, await this.#prepare(options, new Map()), new Map()))
    this.#isReady = true
    if (this.#stop.signal.aborted) return
    this.#discovery.use(options.discovery ?? [])
    this.#sources.use(options.sources ?? [])
    void this.#watchServices()
    this.#checkSynced()
  }

  /** Endpoints follow the instances without a build. */
  async #watchServices(): Promise<void> {
    for await (const services of this.#discovery.services.values(this.#stop.signal)) {
      this.#assignEndpoints(services)
      this.#checkSynced()
    }
  }

  #assignEndpoints(services: ServiceSet): void {
    const changed = this.#assembly?.assign(services, this.#applied) ?? []
    if (changed.length > 0) this[HEALTH].watch(this.#liveUpstreams)
    for (const upstream of changed) this.#tell(this.#onEndpoints, (listener) => listener(upstream))
  }

  /** A listener that throws is its author's trouble: the gateway goes on. */
  #tell<L>(listeners: ReadonlySet<L>, call: (listener: L) => void): void {
    for (const listener of listeners) {
      try {
        call(listener)
      } catch (thrown) {
        this.#log.error('an event listener threw', { reason: String(thrown) })
      }
    }
  }

  #announce(event: GatewayEvent): void {
    this.#tell(this.#listeners, (listener) => listener(event))
  }

  /** Tells the sources, and gives their farewells a moment. `null` when nobody has anything to say. */
  #sayGoodbye(): Promise<void> | null {
    const farewells: Promise<unknown>[] = []
    this.#announce({ kind: 'closing', waitFor: (work) => void farewells.push(work) })
    if (farewells.length === 0) return null
    const said = new AbortController()
    void Promise.allSettled(farewells).then(() => said.abort())
    return sleep(FAREWELL_MS, said.signal)
  }

  /** Sources said something: one build for all that arrives until it begins. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#unapplied += 1
    void this.#exclusively(async () => {
      this.#isScheduled = false
      if (this.#stop.signal.aborted) return
      await this.#apply(this.#sources.sets()).finally(() => (this.#unapplied -= 1))
      this.#checkSynced()
    }).catch((thrown: unknown) =>
      this.#log.error('routes could not be rebuilt; the last good ones keep serving', { reason: toGatewayError(thrown).message }),
    )
  }

  async #apply(sets: ReadonlyMap<string, readonly RouteSet[]>): Promise<void> {
    if (sameVersions(this.#applied, sets)) {
      this.#applied = sets
      const { generation } = this.#current
      generation.snapshot = { ...generation.snapshot, sets }
      this.#assignEndpoints(this.services)
      return
    }
    await this.#swap(await this.#assemble(this.#options, sets), sets)
  }

  #assemble(options: GatewayOptions, sets: ReadonlyMap<string, readonly RouteSet[]>): Promise<Assembly> {
    return assemble(this.#workshop, this.#generation + 1, { options, sets })
  }

  /** `before` happens in the same tick, so that no request sees one without the other. */
  async #swap(assembly: Assembly, sets: ReadonlyMap<string, readonly RouteSet[]>, before: () => void = () => {}): Promise<SnapshotDiff> {
    const previous = this.snapshot
    const diff = await diffSnapshots(previous, assembly.generation.snapshot, assembly.planned(this.services))
    before()
    assembly.commit(this.services)
    this.#opener.builtIn = builtInRoutes(assembly.hooks, this.#workshop)
    this.#current.swap(assembly.generation)
    this[HEALTH].watch(this.#liveUpstreams)
    this.#assembly = assembly
    this.#applied = sets
    this.#generation += 1
    logConflicts(this.#log, previous, this.snapshot)
    this.#tell(this.#onSnapshot, (listener) => listener(this.snapshot, previous, diff))
    this.#announce({ kind: 'snapshot', next: this.snapshot, previous, diff })
    return diff
  }

  #checkSynced(): void {
    if (this.#isSynced || !this.#isReady || this.#unapplied > 0 || !this.#discovery.hasReported || !this.#sources.hasReported) return
    this.#isSynced = true
    this.#markSynced()
  }

  #sharedBy(options: GatewayOptions, trusted: Opener['shared']['trusted']): Opener['shared'] {
    return {
      deadlines: this.#deadlines,
      copies: this.#copies,
      log: this.#log,
      trusted,
      finished: observe(options, this.metrics, this.#log),
    }
  }

  /** One build at a time, in the order they were asked for. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#building.then(work, work)
    this.#building = turn.catch(() => {})
    return turn
  }
}

function sameVersions(a: ReadonlyMap<string, readonly RouteSet[]>, b: ReadonlyMap<string, readonly RouteSet[]>): boolean {
  const versions = (sets: ReadonlyMap<string, readonly RouteSet[]>): unknown =>
    [...sets].map(([source, list]) => [source, list.map((set) => [set.service, set.version])])
  return sameData(versions(a), versions(b))
}

function notReady(): Response {
  const body = JSON.stringify({ type: 'about:blank', title: 'The gateway is not ready', status: 503, code: 'NOT_READY' })
  return new Response(body, { status: 503, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' } })
}
