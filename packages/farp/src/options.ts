import * as v from 'valibot'
import { ConfigError, isSplitKey, toMilliseconds } from '@octopus-gateway/core'
import { duration } from './duration-option.ts'
import { HINT_KINDS } from './manifest/hints.ts'
import { LIMITS } from './limits.ts'
import { mergeOptionEntries, mergeOptionsOf } from './merge/options.ts'
import { pushOptions, pushSettingsOf } from './push/options.ts'
import { undiciFetcher } from './net/undici.ts'
import type { FederatedInfo, MergeOptions, SecurityMerge } from './merge/merged.ts'
import type { ConflictStrategy, MountStrategy } from './manifest/manifest.ts'
import type { AuthSettings } from './auth/settings.ts'
import type { Colour } from './pool.ts'
import type { Duration, SplitKey } from '@octopus-gateway/core'
import type { Fetcher } from './net/fetcher.ts'
import type { HashPolicy } from './schemas/load.ts'
import type { HintKind } from './manifest/hints.ts'
import type { Limits } from './limits.ts'
import type { WebhookSettings } from './webhook/settings.ts'
import type { PushOptions, PushSettings } from './push/options.ts'
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
  /** First labels that no service gets by the `subdomain` strategy: those under which the gateway and the operator's own sites are known. Default `www`, `admin` and `api`. */
  readonly reservedSubdomains?: readonly string[]
  /**
   * Hosts outside the registry that manifests may point to: `host`, `host:port` or `*.suffix`. Default none. Whoever controls a manifest can make
   * the gateway send GET requests to these hosts.
   */
  readonly allowedHosts?: readonly string[]
  /** Services that register themselves. Default: none may. */
  readonly push?: PushOptions
  /** Ask records that say nothing of FARP for a manifest. Default: those of static, file, dns and seeds discovery, not those of registries. */
  readonly probe?: boolean
  /** What a mismatch between a document and its declared hash means: `off`, `warn` (a finding) or `enforce` (not used). Default: `enforce` for schemas in a registry's store, `warn` for the rest. */
  readonly hashVerification?: HashPolicy
  /** Route the paths by which services describe themselves as well (`/`, `/health`, `/docs…`, `/openapi…`, `/asyncapi…`, `/_farp/…`, `/_/…`). Default false. */
  readonly includeIntrospection?: boolean
  /** How long routes stay, answering 503, after the last instance went. Default 30s. */
  readonly routeLinger?: Duration
  /** Routes with none of these tags are left out: the tags of the service (`routing.tags`) and of the operation count. Default: all are taken. */
  readonly includeTags?: readonly string[]
  /** Routes with one of these tags are left out, whatever `includeTags` says. Default none. */
  readonly excludeTags?: readonly string[]
  /** The newest version of each major version that is mounted as `versioned` also answers at `/<service>/v1`. Default false. */
  readonly majorAlias?: boolean
  /** Only instances whose manifest has all of these `instance.labels` serve. Default: all. */
  readonly instanceLabels?: Readonly<Record<string, string>>
  /** The gateway's region: instances of another one (`instance.region`) get requests as far as those of this one are out. Default: regions do not matter. */
  readonly region?: string
  /** Clients that are the same in this stay at a canary or at the others, and at one colour. Default: each request is decided anew. */
  readonly splitOn?: SplitKey
  /** The colour that serves, by service, whatever manifests say: the switch of a blue/green deployment. Default: manifests decide. */
  readonly colours?: Readonly<Record<string, Colour>>
  /** Copies of requests for instances of the role `shadow`. */
  readonly shadow?: ShadowOptions
  /** Apply the rules of the FARP Go library 1.0.1 to manifests (any 1.x version). Default false: what real services write is accepted, with findings. */
  readonly strict?: boolean
  /** Refuse plain HTTP for manifests and schemas: always (`true`), never (`false`), or, by default, for public addresses that the registry did not give. */
  readonly requireHttps?: boolean
  /**
   * Kinds of hints (`hints`, `routes[]`, `x-farp` of manifests and schemas) that services decide: `timeout`, `retry`, `circuit_breaker`, `load_balancing`,
   * `health_check`, `rate_limit`, `cors`. Default none: hints are carried in `meta` for plugins. A service may then have its POSTs repeated, set cookies, or
   * open itself to other origins.
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
  /** What the demands that services make of their callers mean here. */
  readonly auth?: FarpAuthOptions
  /** Messages between services and this gateway. */
  readonly webhooks?: FarpWebhookOptions
  /**
   * What a change of a service's contract means. `auto`: it is served, with a finding. `warn`: the same, as a warning. `gated`: instances whose contract
   * breaks the approved one, or may, get no requests until somebody approves it; those that are approved keep serving. Default `auto`.
   */
  readonly updatePolicy?: UpdatePolicy
  /** The way out for manifests and schemas. Default: undici, on Node. */
  readonly fetcher?: Fetcher
}

/** What this gateway makes of the demands of services (`auth` in manifests). */
export interface FarpAuthOptions {
  /**
   * `auto` (default) enforces them as soon as the gateway asks anybody about callers; without any auth provider callers pass, the services check, and
   * a finding says so. `always` closes routes whose demands cannot be checked. `never` leaves it all to the services.
   */
  readonly enforce?: 'auto' | 'always' | 'never'
  /**
   * Auth providers by kind of scheme (`bearer`, `apikey`, `basic`, `mtls`, `oauth2`, `oidc`, `custom`) or by a name that manifests use. Schemes
   * that are not here do not count. Default: nothing is mapped, and every provider counts for every scheme.
   */
  readonly providers?: Readonly<Record<string, string | readonly string[]>>
  /** Whether an update may take back what a service demanded before. Default false: the earlier demands hold on as long as the gateway runs. */
  readonly allowRelaxation?: boolean
  /** What counts for services that demand nothing: the gateway's own policy (`inherit`, default) or a caller who is known (`required`). */
  readonly default?: 'inherit' | 'required'
}

/** Messages between services and this gateway (`webhook` in manifests). Everything is off by default. */
export interface FarpWebhookOptions {
  /** Take messages of services at `/_farp/webhook` beside the admin API. They must be signed. Default false. */
  readonly receive?: boolean
  /** Tell services that subscribe to them of events of this gateway. Default false: whoever controls a manifest decides where these requests go. */
  readonly send?: boolean
  /** Ask services for their events that offer it and have sent none themselves. Default false. */
  readonly poll?: boolean
  /** The secret that signs messages from and to a service, by its name in the registry. One that is here counts alone. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Whether the secret in a manifest counts where `secrets` has none. Default true. Whoever can read the manifest knows it. */
  readonly manifestSecrets?: boolean
  /** A token by the service's name in the registry: the gateway shows it at routes that need one, the service shows it with its questions. */
  readonly tokens?: Readonly<Record<string, string>>
}

const secrets = v.record(v.string(), v.pipe(v.string(), v.minLength(16, 'use at least 16 characters')))

const webhookOptions = v.strictObject({
  receive: v.optional(v.boolean(), false),
  send: v.optional(v.boolean(), false),
  poll: v.optional(v.boolean(), false),
  secrets: v.optional(secrets, {}),
  manifestSecrets: v.optional(v.boolean(), true),
  tokens: v.optional(secrets, {}),
})

const providerNames = v.pipe(
  v.record(v.string(), v.union([v.string(), v.pipe(v.array(v.string()), v.minLength(1, 'name at least one provider'))])),
  v.check((map) => Object.keys(map).every((kind) => kind === kind.toLowerCase()), 'write kinds of schemes in lower case'),
)

const authOptions = v.strictObject({
  enforce: v.optional(v.picklist(['auto', 'always', 'never']), 'auto'),
  providers: v.optional(providerNames, {}),
  allowRelaxation: v.optional(v.boolean(), false),
  default: v.optional(v.picklist(['inherit', 'required']), 'inherit'),
})

/** Copies of requests for instances of the role `shadow`: GET, HEAD and OPTIONS, marked with `X-FARP-Shadow: true`; what they answer is thrown away. */
export interface ShadowOptions {
  /** Default false: shadows get nothing. */
  readonly enabled?: boolean
  /** The share of the requests that are copied, from 0 to 100. Default 100. */
  readonly sample?: number
  /** Bytes of the longest body that is copied. Default 64 KiB. */
  readonly maxBody?: number
}

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
  reservedSubdomains: v.optional(v.array(v.string()), ['www', 'admin', 'api']),
  allowedHosts: v.optional(v.array(allowedHost), []),
  push: v.optional(pushOptions, {}),
  probe: v.optional(v.boolean()),
  hashVerification: v.optional(v.picklist(['off', 'warn', 'enforce'])),
  includeIntrospection: v.optional(v.boolean(), false),
  routeLinger: v.optional(duration, '30s'),
  includeTags: v.optional(v.array(v.string()), []),
  excludeTags: v.optional(v.array(v.string()), []),
  majorAlias: v.optional(v.boolean(), false),
  instanceLabels: v.optional(v.record(v.string(), v.string()), {}),
  region: v.optional(v.pipe(v.string(), v.nonEmpty())),
  splitOn: v.optional(
    v.custom<SplitKey>((value) => typeof value === 'string' && isSplitKey(value), 'write ip, header:<name> or cookie:<name>'),
  ),
  colours: v.optional(v.record(v.string(), v.picklist(['blue', 'green'])), {}),
  shadow: v.optional(
    v.strictObject({
      enabled: v.optional(v.boolean(), false),
      sample: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 100),
      maxBody: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 65_536),
    }),
    {},
  ),
  strict: v.optional(v.boolean(), false),
  trustHints: v.optional(v.array(v.picklist(HINT_KINDS)), []),
  requireHttps: v.optional(v.boolean()),
  ...mergeOptionEntries,
  auth: v.optional(authOptions, {}),
  webhooks: v.optional(webhookOptions, {}),
  updatePolicy: v.optional(v.picklist(['auto', 'warn', 'gated']), 'auto'),
})

/** Options with every default filled in; times in milliseconds. */
export interface Settings {
  readonly watchInterval: number
  readonly schemaCacheTtl: number
  readonly defaultStrategy: MountStrategy
  readonly domain: string | undefined
  readonly rootMounts: ReadonlySet<string>
  /** Lower case. */
  readonly reservedSubdomains: ReadonlySet<string>
  readonly allowedHosts: readonly string[]
  readonly push: PushSettings
  readonly probe: boolean | undefined
  readonly hashVerification: HashPolicy | undefined
  readonly includeIntrospection: boolean
  readonly routeLinger: number
  readonly includeTags: ReadonlySet<string>
  readonly excludeTags: ReadonlySet<string>
  readonly majorAlias: boolean
  readonly instanceLabels: ReadonlyMap<string, string>
  readonly region: string | undefined
  readonly splitOn: SplitKey | undefined
  readonly colours: ReadonlyMap<string, Colour>
  readonly shadow: Required<ShadowOptions>
  readonly strict: boolean
  readonly requireHttps: boolean | undefined
  readonly trustHints: ReadonlySet<HintKind>
  readonly merging: MergeOptions
  readonly adapters: SchemaAdapters
  readonly auth: AuthSettings
  readonly webhooks: WebhookSettings
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
    reservedSubdomains: new Set(output.reservedSubdomains.map((label) => label.toLowerCase())),
    push: pushSettingsOf(output.push),
    probe: output.probe,
    includeTags: new Set(output.includeTags),
    excludeTags: new Set(output.excludeTags),
    instanceLabels: new Map(Object.entries(output.instanceLabels)),
    region: output.region,
    splitOn: output.splitOn,
    colours: new Map(Object.entries(output.colours)),
    requireHttps: output.requireHttps,
    hashVerification: output.hashVerification,
    trustHints: new Set(output.trustHints),
    merging: mergeOptionsOf({ info, collapseServiceTags, merge }, output.domain),
    adapters,
    auth: {
      enforce: output.auth.enforce,
      providers: new Map(Object.entries(output.auth.providers).map(([kind, names]) => [kind, typeof names === 'string' ? [names] : names])),
      allowRelaxation: output.auth.allowRelaxation,
      otherwise: output.auth.default,
    },
    webhooks: {
      ...output.webhooks,
      secrets: new Map(Object.entries(output.webhooks.secrets)),
      tokens: new Map(Object.entries(output.webhooks.tokens)),
    },
    fetcher,
    limits,
  }
}
