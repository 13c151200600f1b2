import type { DeclaredWebhook } from '../manifest/webhook.ts'

/** What an instance has said of itself since its manifest was read: it can take itself out, and back in. */
export interface StatusOverride {
  /** A status of the protocol: `unhealthy`, `draining`, `maintenance`… */
  readonly status: string
  /** Unix milliseconds after which it counts no more; `undefined` while it must be taken back. */
  readonly until: number | undefined
}

/** An instance that may send and get messages. */
export interface Addressee {
  /** Unique among all instances of all services. */
  readonly key: string
  /** As the registry calls it. */
  readonly service: string
  /** What the service is called in the registry and in its manifest. */
  readonly services: readonly string[]
  /** As its manifest and its record call it. */
  readonly names: readonly string[]
  readonly webhook: DeclaredWebhook
  /** Asks for its manifest at once, where the gateway has always asked. */
  look(): void
  /** One override of each kind at a time; `undefined` takes it back. */
  override(kind: 'health' | 'maintenance', override: StatusOverride | undefined): void
}
