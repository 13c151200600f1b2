import type { Route } from '../routing/route.ts'
import type { RouteSet } from './source.ts'
import type { RouteTable } from '../routing/table.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** One immutable generation of the gateway's routes. */
export interface Snapshot {
  /** 1, 2, 3… */
  readonly generation: number
  readonly routes: readonly Route[]
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** What every source said, by source name. */
  readonly sets: ReadonlyMap<string, readonly RouteSet[]>
  /** Routes that lost to another one with the same host, method and pattern; they stand by until the winner goes. */
  readonly standby: readonly { readonly route: Route; readonly winner: Route }[]
  readonly table: RouteTable
}

/** What an update changes, by route id and upstream name. */
export interface SnapshotDiff {
  readonly added: readonly Route[]
  readonly removed: readonly Route[]
  /** Same id, something else different. */
  readonly changed: readonly Route[]
  /** What is different about each of `changed`, by its id: `timeout`, `plugins`, `upstream`. */
  readonly changes: ReadonlyMap<string, readonly string[]>
  readonly upstreamsAdded: readonly string[]
  readonly upstreamsRemoved: readonly string[]
  /** Same name, something else different, and what: `endpoints`, `tls`, `health`. */
  readonly upstreamsChanged: ReadonlyMap<string, readonly string[]>
}
