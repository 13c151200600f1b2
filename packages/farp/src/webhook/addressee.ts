import { readWebhook } from '../manifest/webhook.ts'
import type { Address } from '../address.ts'
import type { DeclaredWebhook } from '../manifest/webhook.ts'
import type { InstanceTracker } from '../source/tracker.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ServiceInstance } from '@octopus-gateway/core'
import type { Told } from '../source/view.ts'
import type { TrustScope } from '../trust.ts'

/** An instance that may send and get messages. */
export interface Addressee {
  /** Unique among all instances of all services, and the id of its endpoint. */
  readonly key: string
  /** As the registry calls it. */
  readonly service: string
  /** What the service is called in the registry and in its manifest. */
  readonly services: readonly string[]
  /** As its record and its manifest call it. */
  readonly names: readonly string[]
  readonly webhook: DeclaredWebhook
  readonly own: Address
  readonly scope: TrustScope
  readonly told: Told
  /** Asks for its manifest at once, where the gateway has always asked. */
  look(): void
  /** What it says of itself; replaces what it said before. */
  tell(told: Told): void
}

/** An instance as it can be talked to, or `undefined` while its manifest or its address is not known. */
export function addresseeOf(tracker: InstanceTracker, scopeOf: (record: ServiceInstance) => TrustScope): Addressee | undefined {
  const { record, manifest, address } = tracker.view
  if (manifest === undefined || address === undefined) return undefined
  return {
    key: `${record.service}/${record.id}`,
    service: record.service,
    services: [record.service, manifest.serviceName],
    names: manifest.instanceId === undefined ? [record.id] : [record.id, manifest.instanceId],
    own: address,
    get webhook() {
      return webhookOf(manifest)
    },
    get scope() {
      return scopeOf(record)
    },
    get told() {
      return tracker.view.told
    },
    look: () => tracker.look(),
    tell: (told) => tracker.tell(told),
  }
}

/** A manifest stays the same object for as long as it says the same. */
const known = new WeakMap<Manifest, DeclaredWebhook>()

function webhookOf(manifest: Manifest): DeclaredWebhook {
  let webhook = known.get(manifest)
  if (webhook === undefined) known.set(manifest, (webhook = readWebhook(manifest.raw)))
  return webhook
}
