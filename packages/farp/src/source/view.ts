import { own } from '../json.ts'
import { sha256 } from '../manifest/checksum.ts'
import type { Address } from '../address.ts'
import type { Finding, InstanceReport, ServiceInstance } from '@octopus-gateway/core'
import type { LoadedSchema } from '../schemas/content.ts'
import type { Manifest } from '../manifest/manifest.ts'

/** What is known of one instance. A new object for every change. */
export interface InstanceView {
  readonly record: ServiceInstance
  readonly address: Address | undefined
  /** How its manifest was had; `pending` before the first attempt ended. */
  readonly condition: InstanceReport['manifest'] | 'pending'
  /** False once polls found nobody there. */
  readonly isReachable: boolean
  readonly manifest: Manifest | undefined
  readonly manifestUrl: string | undefined
  /** In the order of the manifest. */
  readonly schemas: readonly LoadedSchema[]
  /** Equal for instances that offer the same: the label by which routes choose endpoints. Empty without a manifest. */
  readonly generation: string
  /** Whether the record asks for its self-describing paths to be routed. */
  readonly includeInternal: boolean
  /** What it has said of itself by webhooks since its manifest was read. */
  readonly told: Told
  readonly findings: readonly Finding[]
  /** The registration by push that belongs to it, as far as it has been looked at. */
  readonly push: { readonly id: string; readonly revision: number } | undefined
}

/** What an instance has said of itself: it can take itself out, and back in. */
export interface Told {
  /** A status of the protocol, and until when it counts in Unix milliseconds: a crashed instance must not be out for ever. */
  readonly health?: { readonly status: string; readonly until: number }
  readonly isInMaintenance?: boolean
}

/** What makes two instances offer the same: everything that routes are made from. */
export function generationOf(manifest: Manifest, schemas: readonly LoadedSchema[], includeInternal: boolean): string {
  const { serviceName, serviceVersion, checksum, routesChecksum, routing, auth } = manifest
  const parts = [
    serviceName,
    serviceVersion,
    checksum,
    routesChecksum,
    schemas.map(({ content, descriptor }) => [content.type, content.hash, descriptor.metadata, descriptor.compatibility ?? null]),
    manifest.endpoints,
    routing,
    auth,
    includeInternal,
    saidOfRoutes(manifest),
  ]
  return sha256(JSON.stringify(parts)).slice(0, 12)
}

const digests = new WeakMap<Manifest, string>()

/** A digest of what the manifest says of its routes beside the schemas. Computed once: most polls bring the same manifest. */
function saidOfRoutes(manifest: Manifest): string {
  let digest = digests.get(manifest)
  if (digest === undefined) {
    const { raw } = manifest
    digest = sha256(JSON.stringify(['route_table', 'routes', 'hints'].map((name) => own(raw, name) ?? null)))
    digests.set(manifest, digest)
  }
  return digest
}
