import { createReloader, type Follower, type Reloader, type ReloadParts } from './reloader.ts'
import { FileWatch } from './file-watch.ts'
import { ReloadMetrics } from './metrics.ts'
import type { Io } from '../io.ts'
import type { Loader } from './loader.ts'

/** Reloading while a gateway runs. */
export interface Reloading {
  readonly reloader: Reloader
  readonly metrics: ReloadMetrics
  /** From the next reload on, this follows the configuration too. */
  follow(follower: Follower): void
  /** Nothing triggers a reload any more. */
  stop(): void
}

/** What reloading needs. */
export interface ReloadingOptions extends Omit<ReloadParts, 'followers' | 'load'> {
  /** Has loaded `config`. */
  readonly loader: Loader
  readonly io: Io
  /** Whether a change of the files is enough. */
  readonly isWatching: boolean
}

/** Reloads whenever a signal or a change of the files asks for it. */
export function startReloading({ io, loader, isWatching, ...parts }: ReloadingOptions): Reloading {
  const followers: Follower[] = []
  const metrics = new ReloadMetrics()
  const watch = isWatching ? new FileWatch({ changed: () => void reloader.reload({ trigger: 'file change' }) }) : undefined
  const reloader = createReloader({
    ...parts,
    load: () => loader.load(),
    followers,
    done(result, how) {
      parts.done?.(result, how)
      if (how.dryRun === true) return
      metrics.count(result)
      void watch?.use(loader.reads)
    },
  })
  void watch?.use(loader.reads)
  const release = io.onReload(() => void reloader.reload({ trigger: 'SIGHUP' }))
  return {
    reloader,
    metrics,
    follow: (follower) => void followers.push(follower),
    stop() {
      release()
      watch?.[Symbol.dispose]()
    },
  }
}
