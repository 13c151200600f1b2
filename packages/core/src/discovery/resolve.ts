import { isPriority } from '../upstream/endpoint.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { ServiceInstance, ServiceSet } from './provider.ts'

// A thousand upstreams ask about the same set, and hardly an instance of the next one is another.
const grouped = new WeakMap<ServiceSet, ReadonlyMap<string, readonly Endpoint[]>>()
const made = new WeakMap<ServiceInstance, Endpoint>()

/** The endpoints of a discovered service: its ready instances, in a stable order. Of an instance that is the same object, the same endpoint. */
export function endpointsOf(services: ServiceSet, service: string): readonly Endpoint[] {
  const known = grouped.get(services) ?? groupsOf(services)
  grouped.set(services, known)
  return known.get(service) ?? []
}

function groupsOf(services: ServiceSet): ReadonlyMap<string, readonly Endpoint[]> {
  const groups = new Map<string, Endpoint[]>()
  for (const instance of services) {
    if (!instance.ready) continue
    const endpoint = made.get(instance) ?? endpointOf(instance)
    made.set(instance, endpoint)
    const group = groups.get(instance.service)
    if (group === undefined) groups.set(instance.service, [endpoint])
    else group.push(endpoint)
  }
  for (const group of groups.values()) group.sort((a, b) => (a.id < b.id ? -1 : 1))
  return groups
}

function endpointOf(instance: ServiceInstance): Endpoint {
  return {
    id: `${instance.service}/${instance.id}`,
    origin: originOf(instance),
    weight: instance.weight,
    ...(instance.zone === undefined ? {} : { zone: instance.zone }),
    ...priorityOf(instance),
    labels: { instance: instance.id, ...(instance.version === undefined ? {} : { version: instance.version }) },
  }
}

/** What the registry says under `octopus.priority`; what is none says nothing. */
function priorityOf({ metadata }: ServiceSet[number]): { readonly priority?: number } {
  const text = metadata['octopus.priority'] ?? ''
  return /^\d{1,3}$/.test(text) && isPriority(Number(text)) ? { priority: Number(text) } : {}
}

/** The origin of an instance. What a registry says may not be one: `isOrigin` tells. */
export function originOf(instance: { readonly host: string; readonly port: number; readonly secure: boolean }): string {
  const host = instance.host.includes(':') ? `[${instance.host}]` : instance.host
  return `${instance.secure ? 'https' : 'http'}://${host}:${instance.port}`
}
