import type { Desk } from './desk.ts'
import type { Registration } from './registration.ts'

/** What an instance offers at the moment: the answer to registrations and heartbeats. */
export interface Standing {
  readonly routes_checksum: string
  readonly schemas_applied: number
  /** `serving`, or why it gets no requests: `held` where its contract waits for an approval. */
  readonly instance_status: string
}

export function standingOf(desk: Desk, registration: Registration): Standing {
  const view = desk.viewOf(registration)
  return {
    routes_checksum: view?.manifest?.routesChecksum ?? '',
    schemas_applied: view?.schemas.length ?? 0,
    instance_status: desk.statusOf(registration),
  }
}

/** A registration in the form of the protocol's `ServiceInstance`. */
export function listed(desk: Desk, registration: Registration): Readonly<Record<string, unknown>> {
  const { service, id, version, named, port, tags, metadata, status, registeredAt, beatAt } = registration
  const word = desk.statusOf(registration)
  return {
    id,
    service_name: service,
    version,
    address: named,
    port,
    status: word === 'serving' ? status || 'healthy' : word,
    tags,
    // The manifest itself is not repeated to everybody who may list.
    metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !/schema.manifest/i.test(name))),
    registered_at: new Date(registeredAt).toISOString(),
    last_health_check: new Date(beatAt ?? registeredAt).toISOString(),
    ...standingOf(desk, registration),
  }
}
