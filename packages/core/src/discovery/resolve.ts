import { isPriority } from '../upstream/endpoint.ts'
import type { Endpoint } from '../upstream/endpoint.ts'
import type { ServiceSet } from './provider.ts'

/** The endpoints of a discovered service: its ready instances, in a stable order. */
export function endpointsOf(services: ServiceSet, service: string): Endpoint[] {
  return services
    .filter((instance) => instance.service === service && instance.ready)
    .map((instance) => ({
      id: `${service}/${instance.id}`,
      origin: originOf(instance),
      weight: instance.weight,
      ...(instance.zone === undefined ? {} : { zone: instance.zone }),
      ...priorityOf(instance),
      labels: { instance: instance.id, ...(instance.version === undefined ? {} : { version: instance.version }) },
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
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
