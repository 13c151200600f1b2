import { compareText, compareVersions } from '../semver.ts'
import { sha256 } from '../manifest/checksum.ts'
import { mountPath } from '../mount.ts'
import { routableOperations } from './routes.ts'
import type { FederatedService, RoutedOperation } from '../merge/input.ts'
import type { Mount } from '../mount.ts'
import type { Placed } from './placement.ts'
import type { RouteDefinition } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'

/** Which document speaks for a service, or for one version of it. */
export interface DocumentPlan {
  readonly id: string
  readonly speaker: Placed
  readonly mounts: readonly Mount[]
  readonly hasSiblings: boolean
  readonly settings: Settings
}

/**
 * The documents of a service: one, or one per version where versions have mounts of their own; never one per instance. The newest generation
 * supplies it as soon as half of the instances run it; before that, the newest of those that most instances run.
 */
export function planDocuments(placed: readonly Placed[], settings: Settings): DocumentPlan[] {
  const groups = new Map<string, Placed[]>()
  for (const item of placed) {
    if (item.candidate.schema === undefined) continue
    const key = item.placement.strategy === 'versioned' ? `v${item.candidate.manifest.serviceVersion}` : ''
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  const names = [...groups.keys()].sort(compareText)
  return names.map((name) => planOf(speakers(groups.get(name)!), { settings, hasSiblings: names.length > 1 }))
}

/** A planned document with the operations that are among these routes. */
export function documentOf(plan: DocumentPlan, routes: readonly RouteDefinition[]): FederatedService {
  const { candidate } = plan.speaker
  const { manifest } = candidate
  const { hash, document } = candidate.schema!.content
  return {
    id: plan.id,
    name: manifest.serviceName,
    version: manifest.serviceVersion,
    hasSiblings: plan.hasSiblings,
    priority: manifest.routing.priority ?? 50,
    hash,
    document,
    composition: manifest.schemas.find(({ type, composition }) => type === 'openapi' && composition !== undefined)?.composition,
    operations: () => operationsAmong(plan, routes),
  }
}

function operationsAmong({ speaker, mounts, settings }: DocumentPlan, routes: readonly RouteDefinition[]): RoutedOperation[] {
  const routed = new Set(routes.flatMap(({ methods = [], host = '', path }) => methods.map((method) => `${method} ${host}${path}`)))
  const { candidate, placement } = speaker
  const operations = routableOperations({ id: candidate.generation, sample: candidate, placement }, settings)
  return mounts.flatMap((mount) =>
    operations
      .filter(({ method, pattern }) => routed.has(`${method} ${mount.host ?? ''}${mountPath(mount, pattern)}`))
      .map(({ method, path, key }) => ({ method, path, mounted: mountPath(mount, path), key: mountPath(mount, key), host: mount.host })),
  )
}

/** The instances of the generation that speaks for the group. */
function speakers(group: readonly Placed[]): Placed[] {
  const generations = new Map<string, Placed[]>()
  for (const item of group) generations.set(item.candidate.generation, [...(generations.get(item.candidate.generation) ?? []), item])
  const newest = [...generations.values()].sort(([a], [b]) => newestFirst(a!, b!))
  return (
    newest.find((members) => members.length * 2 >= group.length) ??
    newest.reduce((most, members) => (members.length > most.length ? members : most))
  )
}

function newestFirst(a: Placed, b: Placed): number {
  const left = a.candidate.manifest
  const right = b.candidate.manifest
  return (
    compareVersions(right.serviceVersion, left.serviceVersion) ||
    right.updatedAt - left.updatedAt ||
    compareText(a.candidate.generation, b.candidate.generation)
  )
}

function planOf(members: readonly Placed[], { settings, hasSiblings }: { settings: Settings; hasSiblings: boolean }): DocumentPlan {
  const mounts = new Map(members.map(({ placement }) => [`${placement.mount.host ?? ''} ${placement.mount.prefix}`, placement.mount]))
  const places = [...mounts.keys()].sort(compareText)
  const speaker = members[0]!
  const id = sha256(JSON.stringify([speaker.candidate.generation, hasSiblings, places])).slice(0, 16)
  return { id, speaker, mounts: places.map((place) => mounts.get(place)!), hasSiblings, settings }
}
