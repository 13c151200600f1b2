import { ConfigError, type ConfigIssue, type Logger, type SnapshotDiff } from '@octopus-gateway/core'
import { restartKeys } from './restart.ts'
import type { LoadedConfig } from '@octopus-gateway/config'

/** How to reload. */
export interface ReloadHow {
  /** Who asks, as it is told in the log: `SIGHUP`. */
  readonly trigger: string
  /** Only tells what would change. Default false. */
  readonly dryRun?: boolean
}

/** What came of a reload. Only after `applied` anything is different. */
export type ReloadResult =
  | {
      readonly outcome: 'applied' | 'dry_run'
      readonly config: LoadedConfig
      readonly diff: SnapshotDiff
      /** Keys that changed and hold from the next start on: `server.http_port`. */
      readonly restart: readonly string[]
    }
  | { readonly outcome: 'refused'; readonly issues: readonly ConfigIssue[] }
  | { readonly outcome: 'failed'; readonly reason: string }

/** Puts the configuration as it now stands in its files in the place of the one that runs. */
export interface Reloader {
  /** The configuration that runs. */
  readonly current: LoadedConfig
  /** Never rejects. What is asked for while a reload runs is answered by one more, however often it is asked. */
  reload(how: ReloadHow): Promise<ReloadResult>
}

/** Something beside the gateway that follows the configuration: a listener, the log, processes that share the work. */
export interface Follower {
  /** Rejects when it cannot follow; then nothing has changed anywhere. What it resolves with makes the change and must not fail. */
  prepare(next: LoadedConfig, previous: LoadedConfig): Promise<() => void>
}

/** What reloading needs. */
export interface ReloadParts {
  /** What runs already. */
  readonly config: LoadedConfig
  /** Reads the files. Rejects with a `ConfigError` that lists every issue. */
  load(): Promise<LoadedConfig>
  /** Transactional, as `gateway.update`. Issues are told with their places by the reloader. */
  update(next: LoadedConfig, how: { readonly dryRun: boolean }): Promise<SnapshotDiff>
  /** Read at every reload: listeners come later than the first reload that may be asked for. */
  readonly followers: readonly Follower[]
  readonly log: Logger
  /** Called with every result, before whoever asked gets it. */
  done?(result: ReloadResult, how: ReloadHow): void
}

/** Reloads by these parts, one at a time. */
export function createReloader(parts: ReloadParts): Reloader {
  return new SerialReloader(parts)
}

class SerialReloader implements Reloader {
  current: LoadedConfig
  readonly #parts: ReloadParts
  #last: Promise<unknown> = Promise.resolve()
  #pending: Promise<ReloadResult> | null = null

  constructor(parts: ReloadParts) {
    this.#parts = parts
    this.current = parts.config
  }

  reload(how: ReloadHow): Promise<ReloadResult> {
    if (how.dryRun === true) return this.#inTurn(() => this.#run(how))
    return (this.#pending ??= this.#inTurn(() => {
      // From here on the files are read: who asks now may have written after that.
      this.#pending = null
      return this.#run(how)
    }))
  }

  #inTurn(work: () => Promise<ReloadResult>): Promise<ReloadResult> {
    const turn = this.#last.then(work)
    this.#last = turn
    return turn
  }

  async #run(how: ReloadHow): Promise<ReloadResult> {
    const result = await this.#attempt(how)
    if (how.dryRun !== true) this.#tell(result, how)
    this.#parts.done?.(result, how)
    return result
  }

  async #attempt({ dryRun = false }: ReloadHow): Promise<ReloadResult> {
    try {
      const config = await this.#parts.load()
      const previous = this.current
      const restart = restartKeys(previous, config)
      const changes = await Promise.all(this.#parts.followers.map((follower) => follower.prepare(config, previous)))
      const diff = await this.#updated(config, dryRun)
      if (dryRun) return { outcome: 'dry_run', config, diff, restart }
      for (const change of changes) change()
      this.current = config
      return { outcome: 'applied', config, diff, restart }
    } catch (thrown) {
      if (thrown instanceof ConfigError) return { outcome: 'refused', issues: thrown.issues }
      return { outcome: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown) }
    }
  }

  async #updated(config: LoadedConfig, dryRun: boolean): Promise<SnapshotDiff> {
    try {
      return await this.#parts.update(config, { dryRun })
    } catch (thrown) {
      throw thrown instanceof ConfigError ? new ConfigError(thrown.issues.map((issue) => config.locate(issue))) : thrown
    }
  }

  #tell(result: ReloadResult, { trigger }: ReloadHow): void {
    const { log } = this.#parts
    if (result.outcome === 'refused') {
      for (const { source, path, code, message } of result.issues) log.error('configuration issue', { source, path, code, reason: message })
      log.error('configuration refused; the last good one keeps serving', { trigger, issues: result.issues.length })
    } else if (result.outcome === 'failed') {
      log.error('reload failed; the last good configuration keeps serving', { trigger, reason: result.reason })
    } else if (result.outcome === 'applied') {
      const { diff, restart } = result
      log.info('configuration reloaded', {
        trigger,
        added: diff.added.length,
        removed: diff.removed.length,
        changed: diff.changed.length,
        upstreams_added: diff.upstreamsAdded.length,
        upstreams_removed: diff.upstreamsRemoved.length,
        upstreams_changed: diff.upstreamsChanged.size,
      })
      if (restart.length > 0) log.warn('some changes need a restart; the rest was applied', { keys: restart })
    }
  }
}
