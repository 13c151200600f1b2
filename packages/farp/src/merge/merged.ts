import { compareText } from '../semver.ts'
import type { ConflictStrategy } from '../manifest/manifest.ts'
import type { FederatedService } from './input.ts'
import type { JsonObject } from '../json.ts'

/** All services' documents of one language as one, and how it came about. */
export interface Merged {
  readonly document: Record<string, unknown>
  /** Services that are in it. */
  readonly included: readonly string[]
  /** Services that are not, and why. */
  readonly excluded: readonly Exclusion[]
  /** What two services both claimed. */
  readonly conflicts: readonly MergeConflict[]
  readonly warnings: readonly string[]
}

/** A service that is not in a merged document. */
export interface Exclusion {
  readonly service: string
  readonly reason: string
}

/** Something that two services both claimed. */
export interface MergeConflict {
  readonly type:
    | 'path'
    | 'component'
    | 'tag'
    | 'operationId'
    | 'securityScheme'
    | 'channel'
    | 'grpc_service'
    | 'grpc_message'
    | 'orpc_procedure'
    | 'graphql_type'
  readonly item: string
  /** The one that had it, and the one that came. */
  readonly services: readonly [string, string]
  readonly resolution: string
  /** The strategy that decided. */
  readonly strategy: string
}

/** The head of a merged document. */
export interface FederatedInfo {
  readonly title: string
  readonly description: string
  readonly version: string
}

/** The head that a merged document has when nobody says otherwise. */
export const INFO: FederatedInfo = {
  title: 'Federated API',
  description: 'Merged API specification from multiple services',
  version: '1.0.0',
}

/** How security schemes and requirements of many services become those of one document. */
export interface SecurityMerge {
  /**
   * `union` (default): every scheme; equal names that differ get the service's prefix; an operation's own requirements or the global ones suffice.
   * `intersection`: only schemes that every service has; an operation needs its own and the global ones. `per_service`: every scheme with its
   * service's prefix. `global`: the global requirements replace every operation's. `most_strict`: of equal names the strictest type.
   */
  readonly strategy?: 'union' | 'intersection' | 'per_service' | 'global' | 'most_strict'
  /** Requirements of the gateway itself, as OpenAPI writes them: `[{ key: [] }]`. Default none. */
  readonly global?: readonly JsonObject[]
  /** Schemes of the gateway itself, by name. They keep their names whatever services have. Default none. */
  readonly schemes?: Readonly<Record<string, JsonObject>>
  /** Whether what operations require themselves is kept. Default true. */
  readonly preserveOperationSecurity?: boolean
  /** Whether every scheme gets its service's prefix. Default false. */
  readonly prefixSchemeNames?: boolean
  /** Scheme names of services that clients never see, because the gateway sends the credential. They go from requirements as well. Default none. */
  readonly exclude?: readonly string[]
  /** With `global`, the services' schemes that stay. Default none. */
  readonly required?: readonly string[]
}

/** How documents are merged. */
export interface MergeOptions {
  readonly info: FederatedInfo
  /** One tag per service instead of the services' own. A service's metadata can ask for it as well. */
  readonly collapseServiceTags: boolean | ((service: string) => boolean)
  /** For services whose composition names none. Default `prefix`. */
  readonly conflictStrategy?: ConflictStrategy
  readonly security?: SecurityMerge
  /** The gateway's host, where documents must name one (AsyncAPI). Default: a variable. */
  readonly host?: string
  /** Services whose document could not be read. */
  readonly unreadable?: readonly Exclusion[]
}

/** Merging as it is when nobody says otherwise. */
export const MERGE_OPTIONS: MergeOptions = { info: INFO, collapseServiceTags: false }

/** A service's name in reports, with its version where another version has a document of its own. */
export function labelOf({ name, version, hasSiblings }: FederatedService): string {
  return hasSiblings ? `${name}@${version}` : name
}

/** Notes how a merged document comes about. */
export class Report {
  readonly #included = new Set<string>()
  readonly #excluded: Exclusion[] = []
  readonly #conflicts: MergeConflict[] = []
  readonly #warnings = new Set<string>()

  include(service: FederatedService): void {
    this.#included.add(labelOf(service))
  }

  exclude(service: string, reason: string): void {
    this.#excluded.push({ service, reason })
  }

  conflict(conflict: MergeConflict): void {
    this.#conflicts.push(conflict)
  }

  warn(message: string): void {
    this.#warnings.add(message)
  }

  merged(document: Record<string, unknown>): Merged {
    return {
      document,
      included: [...this.#included].sort(compareText),
      excluded: [...this.#excluded].sort((a, b) => compareText(a.service, b.service)),
      conflicts: this.#conflicts,
      warnings: [...this.#warnings],
    }
  }
}
