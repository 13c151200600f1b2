import type { CheckPolicy, CheckType } from './check-settings.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Transport } from '../transport.ts'

/** What is asked, and how. */
export interface Probe {
  readonly endpoint: Endpoint
  readonly transport: Transport
  readonly check: CheckPolicy
}

/** What one answer says. */
export interface ProbeResult {
  readonly isGood: boolean
  /** For people: `status 503`, `no connection: refused`. */
  readonly reason: string
}

/** Asks one endpoint how it is. */
export interface HealthProber {
  /** Whether it can ask in this way at all. */
  supports(type: CheckType, transport: Transport): boolean
  /** Asks once. What goes wrong is a bad answer, not a rejection. When `signal` aborts, nothing is waited for any more. */
  probe(probe: Probe, signal: AbortSignal): Promise<ProbeResult>
}
