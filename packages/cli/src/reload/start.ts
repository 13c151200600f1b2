import { createReloader, type Follower, type Reloader, type ReloadParts } from './reloader.ts'
import type { Io } from '../io.ts'

/** Reloading while a gateway runs. */
export interface Reloading {
  readonly reloader: Reloader
  /** From the next reload on, this follows the configuration too. */
  follow(follower: Follower): void
  /** Nothing triggers a reload any more. */
  stop(): void
}

/** Reloads whenever a signal asks for it. */
export function startReloading({ io, ...parts }: Omit<ReloadParts, 'followers'> & { readonly io: Io }): Reloading {
  const followers: Follower[] = []
  const reloader = createReloader({ ...parts, followers })
  const stop = io.onReload(() => void reloader.reload({ trigger: 'SIGHUP' }))
  return { reloader, follow: (follower) => void followers.push(follower), stop }
}
