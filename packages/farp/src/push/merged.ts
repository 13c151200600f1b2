import { finding } from '../findings.ts'
import { originOf } from '../address.ts'
import type { Finding, ServiceInstance, ServiceSet } from '@octopus-gateway/core'
import type { Registration } from './registration.ts'

/** An instance, from whichever side it is known. */
export interface Known {
  readonly record: ServiceInstance
  /** What it said itself. */
  readonly push: Registration | undefined
  readonly notes: readonly Finding[]
}

/** The provider of records that come from registrations alone. */
export const PUSH_PROVIDER = 'push'

/** Providers whose records are claims that anybody in the network could make. */
const UNPROVEN: ReadonlySet<string> = new Set(['mdns'])

/** What discovery knows, without claims on the names of services that have registered: those are known by a token or an address. */
function proven(discovered: ServiceSet, registrations: readonly Registration[]): ServiceSet {
  const taken = new Set(registrations.map(({ service }) => service.toLowerCase()))
  if (taken.size === 0) return discovered
  return discovered.filter(({ provider, service }) => !UNPROVEN.has(provider ?? '') || !taken.has(service.toLowerCase()))
}

/**
 * Discovery and registrations in one set, in no order. An instance that both know, by its id or by its address, has the registry's address and readiness; what it
 * pushed is used beside it. Under one id with another address the registry is right, and the registration counts for nothing.
 */
export function mergedInstances(found: ServiceSet, registrations: readonly Registration[]): Known[] {
  const discovered = proven(found, registrations)
  const pushes = new Map<ServiceInstance, Registration>()
  const notes = new Map<ServiceInstance, Finding[]>()
  const alone: Registration[] = []
  const byService = new Map<string, ServiceInstance[]>()
  for (const record of discovered) byService.set(record.service, [...(byService.get(record.service) ?? []), record])
  for (const registration of registrations) {
    const records = byService.get(registration.service) ?? []
    const atPlace = records.find((record) => isAt(registration, record) && !pushes.has(record))
    const named = records.find(({ id }) => id === registration.id)
    if (atPlace !== undefined) pushes.set(atPlace, registration)
    else if (named !== undefined) notes.set(named, [...(notes.get(named) ?? []), conflict(registration, named)])
    else alone.push(registration)
  }
  return [
    ...discovered.map((record) => ({ record, push: pushes.get(record), notes: notes.get(record) ?? [] })),
    ...alone.map((push) => ({ record: recordOf(push), push, notes: [] })),
  ]
}

function isAt({ host, named, port }: Registration, record: ServiceInstance): boolean {
  const known = record.host.toLowerCase()
  return record.port === port && (known === host || known === named)
}

function conflict({ id, host, port, secure }: Registration, record: ServiceInstance): Finding {
  const pushed = originOf({ scheme: secure ? 'https' : 'http', host, port })
  return finding(
    'REGISTRATION_CONFLICT',
    `"${id}" registered itself at ${pushed}, but ${record.provider ?? 'discovery'} knows it at ${record.host}:${record.port}; the registration is not used`,
  )
}

/** The same record for the same registration: most changes concern one of hundreds. */
const records = new WeakMap<Registration, ServiceInstance>()

function recordOf(registration: Registration): ServiceInstance {
  const known = records.get(registration)
  if (known !== undefined) return known
  const { service, id, host, port, secure, version, metadata } = registration
  const record: ServiceInstance = {
    id,
    service,
    host,
    port,
    secure,
    // Its status is in what it said; what the gateway observes comes on top.
    ready: true,
    weight: 1,
    ...(version === '' ? {} : { version }),
    metadata,
    provider: PUSH_PROVIDER,
  }
  records.set(registration, record)
  return record
}
