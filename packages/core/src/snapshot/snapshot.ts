import type { CompiledRoute } from '../routing/compiled-route.ts'
import type { RouteSet } from './route-set.ts'
import type { RouteTable } from '../routing/table.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** One immutable generation of the gateway's routes. */
export interface Snapshot {
  /** 1, 2, 3… */
  readonly generation: number
  readonly routes: readonly CompiledRoute[]
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** What every source said, by source name. */
  readonly sets: ReadonlyMap<string, readonly RouteSet[]>
  /** Routes that lost to another one with the same host, method and pattern; they stand by until the winner goes. */
  readonly standby: readonly { readonly route: CompiledRoute; readonly winner: CompiledRoute }[]
  readonly table: RouteTable
}

/** What an update changes, by route id and upstream name. */
export interface SnapshotDiff {
  readonly added: readonly CompiledRoute[]
  readonly removed: readonly CompiledRoute[]
  /** Same id, something else different. */
  readonly changed: readonly CompiledRoute[]
  /** What is different about each of `changed`, by its id: `timeout`, `plugins`, `upstream`. */
  readonly changes: ReadonlyMap<string, readonly string[]>
  readonly upstreamsAdded: readonly string[]
  readonly upstreamsRemoved: readonly string[]
  /** Same name, something else different, and what: `endpoints`, `tls`, `health`. */
  readonly upstreamsChanged: ReadonlyMap<string, readonly string[]>
}
