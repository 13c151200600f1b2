import { ConfigError } from '@octopus-gateway/core'
import type { ConfigIssue, HealthData, Logger, SnapshotDiff } from '@octopus-gateway/core'

/** Something that adds its own metrics to the scrape, such as `processMetrics()` of `@octopus-gateway/node`. */
export interface MetricsSource {
  /** The text exposition format, version 0.0.4. Its families must not repeat those of the gateway. */
  exposition(): Promise<string>
}

/** The one credential that opens the admin API. */
export interface AdminAuth {
  /** Must not hold a colon or control characters (RFC 7617, section 2). */
  readonly username: string
  /** A bcrypt hash (`$2a$`, `$2b$` or `$2y$`). bcrypt reads no more than the first 72 bytes of a password. */
  readonly passwordHash: string
}

/** The processes that carry a gateway's traffic, where that is not this one: `createWorkers()` of `@octopus-gateway/node`. */
export interface WorkersView {
  list(): readonly WorkerView[]
  /** Their metrics and those of this process as one text. */
  exposition(): Promise<string>
  /** What they see of all upstreams. */
  upstreams(): Promise<readonly HealthData[]>
}

/** One of them. */
export interface WorkerView {
  readonly worker: number
  readonly pid: number | null
  readonly state: string
  readonly restarts: number
}

/** What came of reading the configuration again. */
export type ReloadOutcome =
  | {
      readonly outcome: 'applied' | 'dry_run'
      readonly diff: SnapshotDiff
      /** Keys that changed and hold from the next start on. */
      readonly restart: readonly string[]
    }
  | { readonly outcome: 'refused'; readonly issues: readonly ConfigIssue[] }
  /** `reason` is for the log and is not told to clients. */
  | { readonly outcome: 'failed'; readonly reason: string }

/** Reads the configuration again; with `dryRun` only tells what that would change. */
export type Reload = (how: { readonly dryRun: boolean }) => Promise<ReloadOutcome>

/** What an admin API is made of. */
export interface AdminOptions {
  /** HTTP Basic authentication for everything but `/_/health`. Default: none, and then only loopback Host names are answered. */
  readonly auth?: AdminAuth
  /** Where the metrics are, and what to add to the gateway's own. Default `{ path: '/metrics' }`; `false` switches them off. */
  readonly metrics?: { readonly path: string; readonly extra?: readonly MetricsSource[] } | false
  /**
   * Host names (without port) that are answered besides `localhost` and loopback addresses when there is no `auth`. Default none.
   * A name that strangers can point at this machine lets their web pages read the admin API (DNS rebinding).
   */
  readonly allowedHosts?: readonly string[]
  /** Default: this process carries the traffic. */
  readonly workers?: WorkersView
  /** What `POST /_/reload` does. Default: there is no such path. */
  readonly reload?: Reload
  /** Since when the gateway runs, as `performance.now()` told it; for an API that takes the place of another. Default: now. */
  readonly startedAt?: number
  /** Default: nothing is logged. */
  readonly log?: Logger
  /** The title of the index, the documentation page and an empty OpenAPI document. Default `Octopus Gateway`. */
  readonly name?: string
}

/** Options with every default filled in. */
export interface AdminSettings {
  readonly auth: AdminAuth | undefined
  readonly metrics: { readonly path: string; readonly extra: readonly MetricsSource[] } | undefined
  readonly allowedHosts: ReadonlySet<string>
  readonly reload: Reload | undefined
  readonly startedAt: number
  readonly log: Logger | undefined
  readonly workers: WorkersView | undefined
  readonly name: string
}

/** Checks the options. Throws a `ConfigError` with every issue at once. */
export function settingsOf(options: AdminOptions): AdminSettings {
  const { auth, metrics, log } = options
  const issues = [...(auth === undefined ? [] : authIssues(auth)), ...(metrics ? pathIssues(metrics.path) : [])]
  if (issues.length > 0) throw new ConfigError(issues)
  return {
    auth,
    metrics: metrics === false ? undefined : { path: metrics?.path ?? '/metrics', extra: metrics?.extra ?? [] },
    allowedHosts: new Set((options.allowedHosts ?? []).map((host) => host.toLowerCase())),
    reload: options.reload,
    startedAt: options.startedAt ?? performance.now(),
    log,
    workers: options.workers,
    name: options.name ?? 'Octopus Gateway',
  }
}

function authIssues({ username, passwordHash }: AdminAuth): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  if (username === '' || /[:\p{Cc}]/u.test(username)) {
    issues.push(invalid('auth.username', 'must not be empty and must not hold a colon or control characters (RFC 7617, section 2)'))
  }
  if (!/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(passwordHash)) {
    issues.push(invalid('auth.passwordHash', 'is not a bcrypt hash of 60 characters; make one with: htpasswd -nBC 12 "" | cut -c2-'))
  }
  return issues
}

function pathIssues(path: string): ConfigIssue[] {
  const isPlain = /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) && path !== '/_' && !path.startsWith('/_/')
  return isPlain ? [] : [invalid('metrics.path', `must be a plain path such as /metrics, outside /_/, not ${JSON.stringify(path)}`)]
}

function invalid(path: string, message: string): ConfigIssue {
  return { code: 'invalid_value', path, message }
}
