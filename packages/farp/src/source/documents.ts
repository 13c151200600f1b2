import { compareText, compareVersions } from '../semver.ts'
import { sha256 } from '../manifest/checksum.ts'
import { mountPath } from '../mount.ts'
import { openApi3 } from '../adapters/openapi.ts'
import { mountFor, routableOperations } from './routes.ts'
import type { FederatedService, RoutedOperation } from '../merge/input.ts'
import type { LoadedSchema } from '../schemas/content.ts'
import type { Mount } from '../mount.ts'
import type { Placed } from './placement.ts'
import type { RouteDefinition } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'

/** Which document speaks for a service, or for one version of it. */
export interface DocumentPlan {
  readonly id: string
  readonly speaker: Placed
  readonly schema: LoadedSchema
  readonly mounts: readonly Mount[]
  readonly hasSiblings: boolean
  readonly settings: Settings
}

/**
 * The documents of a service: those of one generation, or of one per version where versions have mounts of their own; never one per instance. The
 * newest generation supplies them as soon as half of the instances run it; before that, the newest of those that most instances run.
 */
export function planDocuments(placed: readonly Placed[], settings: Settings): DocumentPlan[] {
  const groups = new Map<string, Placed[]>()
  for (const item of placed) {
    if (item.candidate.schemas.length === 0) continue
    const key = item.placement.strategy === 'versioned' ? `v${item.candidate.manifest.serviceVersion}` : ''
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  const names = [...groups.keys()].sort(compareText)
  return names.flatMap((name) => plansOf(speakers(groups.get(name)!), { settings, hasSiblings: names.length > 1 }))
}

/** A planned document with the operations that are among these routes. */
export function documentOf(plan: DocumentPlan, routes: readonly RouteDefinition[]): FederatedService {
  const { manifest, record } = plan.speaker.candidate
  const { content, descriptor } = plan.schema
  return {
    id: plan.id,
    name: manifest.serviceName,
    version: manifest.serviceVersion,
    kind: content.type,
    hasSiblings: plan.hasSiblings,
    priority: manifest.routing.priority ?? 50,
    hash: content.hash,
    document: content.type === 'openapi' ? openApi3(content.document) : content.document,
    metadata: descriptor.metadata,
    composition: manifest.schemas.find(({ type, composition }) => type === 'openapi' && composition !== undefined)?.composition,
    collapsesTags: record.metadata['farp.collapse_service_tags'] === 'true',
    operations: () => operationsAmong(plan, routes),
  }
}

function operationsAmong({ speaker, schema, mounts, settings }: DocumentPlan, routes: readonly RouteDefinition[]): RoutedOperation[] {
  const routed = new Set(routes.flatMap(({ methods = [], host = '', path }) => methods.map((method) => `${method} ${host}${path}`)))
  const operations = routableOperations(schema, speaker.candidate, settings)
  return mounts.flatMap((at) =>
    operations.flatMap((operation) => {
      const { method, path, pattern, key, operationId, protocol } = operation
      const mount = mountFor(operation, at)
      if (!routed.has(`${method} ${mount.host ?? ''}${mountPath(mount, pattern)}`)) return []
      const mounted = mountPath(mount, path)
      return [{ method, path, mounted, key: mountPath(mount, key), host: mount.host, operationId, protocol }]
    }),
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

function plansOf(members: readonly Placed[], { settings, hasSiblings }: { settings: Settings; hasSiblings: boolean }): DocumentPlan[] {
  const mounts = new Map(members.map(({ placement }) => [`${placement.mount.host ?? ''} ${placement.mount.prefix}`, placement.mount]))
  const places = [...mounts.keys()].sort(compareText)
  const speaker = members[0]!
  return speaker.candidate.schemas.map((schema, index) => {
    const id = sha256(JSON.stringify([speaker.candidate.generation, hasSiblings, places, index])).slice(0, 16)
    return { id, speaker, schema, mounts: places.map((place) => mounts.get(place)!), hasSiblings, settings }
  })
}
