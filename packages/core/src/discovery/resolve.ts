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
      labels: { instance: instance.id, ...(instance.version === undefined ? {} : { version: instance.version }) },
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The origin of an instance. What a registry says may not be one: `isOrigin` tells. */
export function originOf(instance: { readonly host: string; readonly port: number; readonly secure: boolean }): string {
  const host = instance.host.includes(':') ? `[${instance.host}]` : instance.host
  return `${instance.secure ? 'https' : 'http'}://${host}:${instance.port}`
}
