import { sameData } from '../same.ts'
import { sleep } from '../time.ts'
import { checkSet } from './assemble.ts'
import { formatIssue } from '../errors.ts'
import { validateUpstreams } from './validate.ts'
import type { Discovery } from '../discovery/supervise.ts'
import type { GatewayListener } from './events.ts'
import type { KeyValueStore } from '../store/store.ts'
import type { Logger } from '../log/logger.ts'
import type { RouteSource, SourceHost, SourceMeter } from './source.ts'
import type { RouteSet } from './route-set.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

/** One source under way. */
interface Running {
  readonly source: RouteSource
  readonly abort: AbortController
  /** The last good sets, by service; `null` until the source has reported. */
  sets: readonly RouteSet[] | null
  /** What the source said last in whose place this one is; counts until this one has reported. */
  readonly inherited: readonly RouteSet[]
}

/** What runs sources. */
interface SourcesHost {
  readonly store: KeyValueStore
  /** The auth providers that the plugins of the gateway ask. */
  readonly enforced: ReadonlySet<string>
  changed(): void
  on(listener: GatewayListener): Disposable
  applied(): Promise<void>
  readonly meter: SourceMeter
}

/** Runs the route sources of a gateway and keeps what each said last. */
export class Sources {
  readonly #discovery: Discovery
  readonly #log: Logger
  readonly #host: SourcesHost
  #running: Running[] = []

  constructor(discovery: Discovery, log: Logger, host: SourcesHost) {
    this.#discovery = discovery
    this.#log = log
    this.#host = host
  }

  get list(): readonly RouteSource[] {
    return this.#running.map((running) => running.source)
  }

  /** Whether every source has reported once. */
  get hasReported(): boolean {
    return this.#running.every((running) => running.sets !== null)
  }

  /** What each of these sources said last, by name; by default, of those that run. Two sources of one name get numbers. */
  sets(sources: readonly RouteSource[] = this.list): Map<string, readonly RouteSet[]> {
    const sets = new Map<string, readonly RouteSet[]>()
    for (const source of sources) {
      let name = source.name
      for (let n = 2; sets.has(name); n++) name = `${source.name}-${n}`
      const running = this.#running.find((one) => sameSource(one.source, source))
      sets.set(name, running === undefined ? this.#inheritedBy(source) : (running.sets ?? running.inherited))
    }
    return sets
  }

  /**
   * A source with other options takes the place of the one of its name: that one's routes serve until it has reported. Their versions are made
   * other ones, because what it reports under an equal version may be something else.
   */
  #inheritedBy(source: RouteSource): readonly RouteSet[] {
    const before = this.#running.find((running) => running.source.name === source.name)
    if (before === undefined) return []
    if (before.sets === null) return before.inherited
    return before.sets.map((set) => ({ ...set, version: `earlier:${set.version}` }))
  }

  /** Runs these sources: equal ones go on, others are started or stopped. */
  use(sources: readonly RouteSource[]): void {
    const before = this.#running
    const started: Running[] = []
    this.#running = sources.map((source) => {
      const same = before.find((candidate) => sameSource(candidate.source, source))
      if (same !== undefined) return same
      const running: Running = { source, abort: new AbortController(), sets: null, inherited: this.#inheritedBy(source) }
      started.push(running)
      return running
    })
    for (const gone of before) if (!this.#running.includes(gone)) gone.abort.abort()
    for (const running of started) void this.#run(running)
  }

  stop(): void {
    for (const running of this.#running) running.abort.abort()
  }

  async #run(running: Running): Promise<void> {
    const { signal } = running.abort
    const enforced = (): ReadonlySet<string> => this.#host.enforced
    const host: SourceHost = {
      signal,
      log: this.#log,
      store: this.#host.store,
      instances: () => this.#discovery.services.values(signal),
      keyValues: (provider: string) => this.#discovery.keyValues(provider),
      get authProviders() {
        return enforced()
      },
      on: (listener) => this.#host.on(listener),
      applied: () => this.#host.applied(),
      meter: this.#host.meter,
    }
    let pause = FIRST_PAUSE_MS
    while (!signal.aborted) {
      let reason = 'The source ended by itself.'
      try {
        for await (const sets of running.source.watch(host)) {
          if (signal.aborted) return
          pause = FIRST_PAUSE_MS
          running.sets = await this.#goodSets(running, sets)
          this.#host.changed()
        }
      } catch (thrown) {
        reason = thrown instanceof Error ? thrown.message : String(thrown)
      }
      if (signal.aborted) return
      this.#log.error('route source failed; its last routes are kept', { source: running.source.name, reason, retry_in_ms: pause })
      await sleep(pause, signal)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  /** A service's bad set is refused whole, and its last good one stays. */
  async #goodSets(running: Running, sets: readonly RouteSet[]): Promise<readonly RouteSet[]> {
    const before = new Map((running.sets ?? running.inherited).map((set) => [set.service, set]))
    const good: RouteSet[] = []
    for (const set of sets) {
      const known = before.get(set.service)
      // The very object that was found good: a source with many services says most of them unchanged.
      if (known === set) {
        good.push(set)
        continue
      }
      // Endpoints may differ within a version; the routes of an equal version were checked before.
      const isChecked = known !== undefined && known.version === set.version
      const issues = isChecked ? validateUpstreams(set.upstreams, 'upstreams') : await checkSet(set, this.#host.enforced)
      if (issues.length === 0) {
        good.push(set)
        continue
      }
      const message = issues.slice(0, 5).map(formatIssue).join('; ')
      this.#log.error("a service's routes were refused; its last good ones are kept", {
        source: running.source.name,
        service: set.service,
        reason: message,
      })
      const finding = { code: 'ROUTES_REFUSED', severity: 'error', message } as const
      // A version of its own: the refused one must not pass as known when it comes again.
      const kept = known ?? { ...set, version: `refused:${set.version}`, routes: [], upstreams: {} }
      good.push({ ...kept, findings: [...(set.findings ?? []), finding] })
    }
    return good
  }
}

function sameSource(a: RouteSource, b: RouteSource): boolean {
  return a === b || (a.name === b.name && a.identity !== undefined && sameData(a.identity, b.identity))
}
