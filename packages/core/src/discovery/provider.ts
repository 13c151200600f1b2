import type { Logger } from '../log/logger.ts'

/** One instance of a service, as a registry knows it. */
export interface ServiceInstance {
  /** Unique among all instances of a provider, and stable while the instance lives. */
  readonly id: string
  readonly service: string
  /** A host name or address, without port; an IPv6 literal without brackets. */
  readonly host: string
  readonly port: number
  /** Whether the instance speaks TLS. */
  readonly secure: boolean
  /** The registry's opinion; the gateway's own observations come on top. */
  readonly ready: boolean
  /** Relative share of the traffic, from 0. */
  readonly weight: number
  readonly zone?: string
  readonly version?: string
  /** `farp.manifest` and whatever else the registry carries. */
  readonly metadata: Readonly<Record<string, string>>
  /** The kind of the provider that reported it (`static`, `consul`…). Set by the gateway, whatever a provider writes. */
  readonly provider?: string
}

/** The whole truth, every time. A consumer needs no memory; a reconnect is just another value. */
export type ServiceSet = readonly ServiceInstance[]

/** The key-value store that some registries have. */
export interface KeyValues {
  /** The value of a key, or `undefined` when there is none. Rejects when the store cannot be asked. */
  get(key: string, signal: AbortSignal): Promise<KeyValue | undefined>
}

/** A value, and when it was written in the store's own counting: later is larger. */
export interface KeyValue {
  readonly value: Uint8Array
  readonly revision: number
}

/** What a provider is given to work with. */
export interface DiscoveryHost {
  readonly log: Logger
  /**
   * Says why nothing can be told now: what was told last keeps counting, and the provider is `failing` until its next set. For one that sees by itself
   * when it can go on; others throw.
   */
  fail(reason: string): void
}

/** Answers "which instances are there?", now and on every change. */
export interface DiscoveryProvider {
  /** The kind: `static`, `kubernetes`, `consul`… Decides what FARP may assume about its records. */
  readonly name: string
  /** Two providers with equal identities are one: it keeps running through an update. Default: compared by reference. */
  readonly identity?: unknown
  /** Yields the full set at once, then on every change. An instance that is the same object as in an earlier set counts as unchanged. Ends when `signal` aborts. May throw: it is started again with back-off. */
  watch(signal: AbortSignal, host: DiscoveryHost): AsyncIterable<ServiceSet>
  /**
   * Whether its records are claims that anybody could make. A service then counts only as long as no other provider knows one of that name, in any
   * letter case, and not before all others have said what they know. Default false.
   */
  readonly yields?: boolean
  /** The registry's key-value store, where schemas may be. */
  readonly keyValues?: KeyValues
}

/** What the gateway knows about a provider. */
export interface ProviderStatus {
  readonly name: string
  /** `starting` until the first set, `failing` while the last good set is kept. */
  readonly state: 'starting' | 'synced' | 'failing'
  readonly instances: number
  /** Unix milliseconds of the last set, or `null`. */
  readonly syncedAt: number | null
  /** The last failure, for operators, or `null`. */
  readonly error: string | null
}
