import type { HealthProber } from './prober.ts'

/** What active checks have found out about an endpoint. Plain data: it may cross a process border. */
export interface Verdict {
  /** The key of the upstream: unique also where names are not. */
  readonly upstream: string
  /** The id of the endpoint. */
  readonly endpoint: string
  /** `null` while nobody can tell: the gateway has no means for this kind of check. */
  readonly healthy: boolean | null
  /** For people: what the last answer that counted was. */
  readonly reason: string
  /** When it became so, in milliseconds since 1970. */
  readonly since: number
}

/** Under this key a gateway offers who checks and what was found to the packages that serve it. */
export const HEALTH = Symbol.for('octopus.health')

/**
 * Active checks of a gateway. Who asks is one thing, what is known another: a gateway asks itself, or follows what another process found out.
 */
export interface HealthControl {
  /** From now on this one asks, until it is disposed; then whoever did before. The latest wins. */
  use(prober: HealthProber): Disposable
  /** Nothing is asked here from now on, for good: verdicts come by `apply`. To be called before the gateway is ready. */
  follow(): void
  /** All verdicts there are. */
  readonly verdicts: readonly Verdict[]
  /** Called with all verdicts whenever one has changed, at most once in a tick. */
  onVerdicts(listener: (all: readonly Verdict[]) => void): Disposable
  /** The whole truth from outside: endpoints it does not name count as never checked. Endpoints that come later get theirs from it, too. */
  apply(all: readonly Verdict[]): void
}
