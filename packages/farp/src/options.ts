import * as v from 'valibot'
import { ConfigError, toMilliseconds } from '@octopus-gateway/core'
import { HINT_KINDS } from './manifest/hints.ts'
import { LIMITS } from './limits.ts'
import { mergeOptionEntries, mergeOptionsOf } from './merge/options.ts'
import { undiciFetcher } from './net/undici.ts'
import type { ConflictStrategy, FederatedInfo, MergeOptions, SecurityMerge } from './merge/merged.ts'
import type { Duration } from '@octopus-gateway/core'
import type { Fetcher } from './net/fetcher.ts'
import type { HashPolicy } from './schemas/load.ts'
import type { HintKind } from './manifest/hints.ts'
import type { Limits } from './limits.ts'
import type { MountStrategy } from './manifest/manifest.ts'
import type { SchemaAdapters } from './adapters/index.ts'

/** What a change of a contract means. */
export type UpdatePolicy = 'auto' | 'warn' | 'gated'

/** How FARP works in this gateway. Every option has a default. */
export interface FarpOptions {
  /** How often every instance's manifest is asked for. Default 5s. Shorter finds changes sooner and costs the services more requests. */
  readonly watchInterval?: Duration
  /** How long an OpenAPI document that cannot be fetched again counts as fresh; after that it is still used, with the finding `SCHEMA_STALE`. Default 5m. */
  readonly schemaCacheTtl?: Duration
  /** The mount of a service whose manifest names none. Default `service`. With `root`, services that say nothing share the root. */
  readonly defaultStrategy?: Exclude<MountStrategy, 'custom' | 'subdomain'>
  /** The gateway's own domain, for the `subdomain` strategy: `example.com` makes `users.example.com`. Default: the first label of the host decides (`users.*`). */
  readonly domain?: string
  /** Services whose manifest may ask for the `root` strategy. Default none; records of static and file discovery always may. */
  readonly rootMounts?: readonly string[]
  /**
   * Hosts outside the registry that manifests may point to: `host`, `host:port` or `*.suffix`. Default none. Whoever controls a manifest can make
   * the gateway send GET requests to these hosts.
   */
  readonly allowedHosts?: readonly string[]
  /** Ask records that say nothing of FARP for a manifest. Default: those of static, file, dns and seeds discovery, not those of registries. */
  readonly probe?: boolean
  /** What a mismatch between a document and its declared hash means: `off`, `warn` (a finding) or `enforce` (not used). Default: `enforce` for schemas in a registry's store, `warn` for the rest. */
  readonly hashVerification?: HashPolicy
  /** Route the paths by which services describe themselves as well (`/`, `/health`, `/docs…`, `/openapi…`, `/asyncapi…`, `/_farp/…`, `/_/…`). Default false. */
  readonly includeIntrospection?: boolean
  /** How long routes stay, answering 503, after the last instance went. Default 30s. */
  readonly routeLinger?: Duration
  /** Apply the rules of the FARP Go library 1.0.1 to manifests (any 1.x version). Default false: what real services write is accepted, with findings. */
  readonly strict?: boolean
  /** Refuse plain HTTP for manifests and schemas: always (`true`), never (`false`), or, by default, for public addresses that the registry did not give. */
  readonly requireHttps?: boolean
  /**
   * Kinds of hints (`hints`, `routes[]`, `x-farp` of manifests and schemas) that services decide: `timeout`, `retry`, `circuit_breaker`, `load_balancing`,
   * `health_check`. Default none: hints are carried in `meta` for plugins. A service may then have its POSTs repeated, or set cookies.
   */
  readonly trustHints?: readonly HintKind[]
  /** The head of merged documents. Default `Federated API`, version `1.0.0`. */
  readonly info?: Partial<FederatedInfo>
  /** In merged documents, one tag per service instead of the services' own: for all, or for those that the function names. Default false; metadata `farp.collapse_service_tags` can ask for it as well. */
  readonly collapseServiceTags?: boolean | ((service: string) => boolean)
  /** How the documents of services become one. */
  readonly merge?: {
    /** What happens to names and paths that an earlier service has, unless the later one's composition says. Default `prefix`. */
    readonly conflictStrategy?: ConflictStrategy
    /** How security schemes and requirements come together. Default: all schemes, and each operation's own requirements. */
    readonly security?: SecurityMerge
  }
  /** Readers of languages of your own, in place of those that only keep the document; they may make routes. */
  readonly adapters?: SchemaAdapters
  /**
   * What a change of a service's contract means. `auto`: it is served, with a finding. `warn`: the same, as a warning. `gated`: instances whose contract
   * breaks the approved one, or may, get no requests until somebody approves it; those that are approved keep serving. Default `auto`.
   */
  readonly updatePolicy?: UpdatePolicy
  /** The way out for manifests and schemas. Default: undici, on Node. */
  readonly fetcher?: Fetcher
}

const duration = v.pipe(
  v.union([v.number(), v.string()]),
  v.check((value) => isDuration(value), 'write a duration such as 250ms, 5s, 5m or 1h'),
  v.transform((value) => value as Duration),
)

const hostName = v.pipe(v.string(), v.regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, 'write a domain such as example.com'))
const allowedHost = v.pipe(
  v.string(),
  v.regex(/^(?:\*\.)?[a-z0-9][a-z0-9.-]*(?::\d{1,5})?$|^\[[0-9a-f:.]+\](?::\d{1,5})?$/i, 'write a host, host:port or *.suffix'),
)

/** The options as a valibot schema: for configuration files. Keys are the option names. */
export const farpOptions = v.strictObject({
  watchInterval: v.optional(
    v.pipe(
      duration,
      // An interval near 0 would be a busy loop against every service.
      v.check((value) => toMilliseconds(value) >= 10, 'the shortest interval is 10ms'),
    ),
    '5s',
  ),
  schemaCacheTtl: v.optional(duration, '5m'),
  defaultStrategy: v.optional(v.picklist(['root', 'instance', 'service', 'versioned']), 'service'),
  domain: v.optional(hostName),
  rootMounts: v.optional(v.array(v.string()), []),
  allowedHosts: v.optional(v.array(allowedHost), []),
  probe: v.optional(v.boolean()),
  hashVerification: v.optional(v.picklist(['off', 'warn', 'enforce'])),
  includeIntrospection: v.optional(v.boolean(), false),
  routeLinger: v.optional(duration, '30s'),
  strict: v.optional(v.boolean(), false),
  trustHints: v.optional(v.array(v.picklist(HINT_KINDS)), []),
  requireHttps: v.optional(v.boolean()),
  ...mergeOptionEntries,
  updatePolicy: v.optional(v.picklist(['auto', 'warn', 'gated']), 'auto'),
})

/** Options with every default filled in; times in milliseconds. */
export interface Settings {
  readonly watchInterval: number
  readonly schemaCacheTtl: number
  readonly defaultStrategy: MountStrategy
  readonly domain: string | undefined
  readonly rootMounts: ReadonlySet<string>
  readonly allowedHosts: readonly string[]
  readonly probe: boolean | undefined
  readonly hashVerification: HashPolicy | undefined
  readonly includeIntrospection: boolean
  readonly routeLinger: number
  readonly strict: boolean
  readonly requireHttps: boolean | undefined
  readonly trustHints: ReadonlySet<HintKind>
  readonly merging: MergeOptions
  readonly adapters: SchemaAdapters
  readonly updatePolicy: UpdatePolicy
  readonly fetcher: Fetcher
  readonly limits: Limits
}

/** Checks options and fills in the defaults. Throws `ConfigError` with every problem. */
export function settingsOf(options: FarpOptions, limits: Limits = LIMITS): Settings {
  const { fetcher = undiciFetcher(), adapters = {}, ...plain } = options
  const result = v.safeParse(farpOptions, plain)
  if (!result.success) {
    throw new ConfigError(
      result.issues.map((issue) => ({
        code: 'invalid_value',
        path: ['farp', v.getDotPath(issue)].filter((part) => part !== null).join('.'),
        message: issue.message,
      })),
    )
  }
  const { info, collapseServiceTags, merge, ...output } = result.output
  return {
    ...output,
    watchInterval: toMilliseconds(output.watchInterval),
    schemaCacheTtl: toMilliseconds(output.schemaCacheTtl),
    routeLinger: toMilliseconds(output.routeLinger),
    domain: output.domain,
    rootMounts: new Set(output.rootMounts),
    probe: output.probe,
    requireHttps: output.requireHttps,
    hashVerification: output.hashVerification,
    trustHints: new Set(output.trustHints),
    merging: mergeOptionsOf({ info, collapseServiceTags, merge }, output.domain),
    adapters,
    fetcher,
    limits,
  }
}

function isDuration(value: unknown): boolean {
  try {
    return toMilliseconds(value as Duration) >= 0
  } catch {
    // The only failure is "not a duration", which is the answer.
    return false
  }
}
