import type { Snapshot, SnapshotDiff } from './snapshot.ts'

/** Something that happened in the gateway, for its sources. */
export type GatewayEvent =
  /** Other routes serve. */
  | { readonly kind: 'snapshot'; readonly next: Snapshot; readonly previous: Snapshot; readonly diff: SnapshotDiff }
  /** The operator's configuration was replaced. */
  | { readonly kind: 'updated' }
  /** An endpoint is left alone from now on, or gets requests again. */
  | { readonly kind: 'circuit'; readonly upstream: string; readonly endpoint: string; readonly isOpen: boolean; readonly reason: string }
  /** The gateway is being disposed. It waits a little for what `waitFor` is given. */
  | { readonly kind: 'closing'; waitFor(work: Promise<unknown>): void }

/** Called for every event. What it throws goes to the log. */
export type GatewayListener = (event: GatewayEvent) => void
