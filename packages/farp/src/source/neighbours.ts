import { compareText } from '../semver.ts'
import type { InstanceView } from './view.ts'
import type { Neighbourhood } from './placement.ts'

/** All services' views, by service, in the order of their names. */
export type Views = ReadonlyMap<string, readonly InstanceView[]>

/** What services know of each other. Equal signatures mean that nobody's neighbours changed. */
export interface Neighbours {
  readonly signature: string
  of(service: string): Neighbourhood
}

/** Who owns which first path segment, and which prefixes are taken: a registry's name counts before a name that only a manifest claims. */
export function neighboursOf(
  views: Views,
  prefixes: ReadonlyMap<string, readonly string[]>,
  authProviders: ReadonlySet<string>,
): Neighbours {
  const owners = new Map<string, string>()
  const claim = (name: string, service: string): void => {
    const segment = name.toLowerCase()
    if (!owners.has(segment)) owners.set(segment, service)
  }
  const speaking = [...views]
    .filter(([, members]) => members.some(({ manifest }) => manifest !== undefined))
    .sort(([a], [b]) => compareText(a, b))
  for (const [service] of speaking) claim(service, service)
  for (const [service, members] of speaking)
    for (const { manifest } of members) if (manifest !== undefined) claim(manifest.serviceName, service)
  const taken = [...prefixes].flatMap(([service, list]) => list.map((prefix) => ({ service, prefix })))
  return {
    signature: JSON.stringify([[...owners], taken, [...authProviders].sort()]),
    of: (service) => ({
      ownerOf: (segment) => owners.get(segment),
      prefixes: taken
        .filter((item) => item.service !== service)
        .map(({ prefix }) => prefix)
        .sort(compareText),
      authProviders,
    }),
  }
}
