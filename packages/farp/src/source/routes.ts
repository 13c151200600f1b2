import { guardedOf } from '../auth/index.ts'
import { isIntrospection } from '../adapters/introspection.ts'
import { matchesGlob } from '../adapters/globs.ts'
import { finding } from '../findings.ts'
import { isDemanding } from '../manifest/auth.ts'
import { table } from '../json.ts'
import { MOST_CARRIED } from '../manifest/route-metadata.ts'
import { isReserved, mountPath, rewriteOf, upstreamPath } from '../mount.ts'
import { deprecationFields, deprecationMeta, deprecationOf } from '../contract/deprecations.ts'
import { describedBy, languageOf, routeTableOf } from '../manifest/route-table.ts'
import { traitsOf } from './traits.ts'
import { clean } from '../text.ts'
import type { AuthDeclaration } from '../manifest/auth.ts'
import type { Candidate } from './eligible.ts'
import type { Finding, RouteDefinition } from '@octopus-gateway/core'
import type { Placement } from './placement.ts'
import type { LoadedSchema } from '../schemas/content.ts'
import type { Mount } from '../mount.ts'
import type { Guarded } from '../auth/declared.ts'
import type { PoolAuth } from '../auth/index.ts'
import type { SchemaOperation } from '../adapters/adapter.ts'
import type { Settings } from '../options.ts'

/** One generation of a pool: all its instances offer the same. */
export interface Generation {
  readonly id: string
  /** Stands for all of them. */
  readonly sample: Candidate
  readonly placement: Placement
  /** Which of its operations are routed beside those of others. Default: all. */
  readonly keeps?: (operation: SchemaOperation) => boolean
  /** Whether this is the second mount of a pool. */
  readonly isAlias?: boolean
}

/** Pools by the name of their upstream, each with its generations, the newest first. */
export type Pools = ReadonlyMap<string, readonly Generation[]>

/** The operations of one schema that are to be routed. */
export interface Offer {
  /** `undefined` when the operations come from `route_table` and no schema describes them. */
  readonly schema: LoadedSchema | undefined
  readonly operations: readonly SchemaOperation[]
}

/** What a generation offers: its `route_table`, or else schema by schema. */
export function offersOf({ sample }: Generation, settings: Settings): readonly Offer[] {
  const listed = routeTableOf(sample.manifest, settings.limits)
  if (listed === undefined) return sample.schemas.map((schema) => ({ schema, operations: routableOperations(schema, sample, settings) }))
  const offers = new Map<LoadedSchema | undefined, SchemaOperation[]>()
  const described = new Map(
    sample.schemas.flatMap(({ adapted }) =>
      adapted.operations.map((operation) => [`${operation.method} ${operation.key}`, operation] as const),
    ),
  )
  for (const operation of routable(listed.operations, sample, settings)) {
    const schema = sample.schemas.find(({ content }) => content.type === languageOf(operation.protocol))
    const operations = offers.get(schema) ?? []
    offers.set(schema, operations)
    operations.push(describedBy(operation, described.get(`${operation.method} ${operation.key}`)))
  }
  return [...offers].map(([schema, operations]) => ({ schema, operations }))
}

/** The operations of a schema that are to be routed. */
export function routableOperations({ adapted }: LoadedSchema, sample: Candidate, settings: Settings): readonly SchemaOperation[] {
  return routable(adapted.operations, sample, settings)
}

function routable(operations: readonly SchemaOperation[], sample: Candidate, settings: Settings): readonly SchemaOperation[] {
  const keepsInternal = settings.includeIntrospection || sample.includeInternal
  const { pathRules } = sample.manifest.routing
  return operations.filter(({ path, isFixed }) => {
    if (!keepsInternal && !isFixed && isIntrospection(path)) return false
    return pathRules.find(({ pattern }) => matchesGlob(pattern, path))?.include ?? true
  })
}

/** Where an operation is mounted: clients cannot put a prefix in front of a fixed one. */
export function mountFor(operation: SchemaOperation, mount: Mount): Mount {
  if (!operation.isFixed || mount.prefix === '') return mount
  return { prefix: '', ...(mount.host === undefined ? {} : { host: mount.host }) }
}

/** What a pool's routes depend on beside its generations. */
export interface Surroundings {
  readonly settings: Settings
  /** Mount prefixes of other services. */
  readonly foreignPrefixes: readonly string[]
  /** The upstream that gets copies, when there is one. */
  readonly shadow: string | undefined
  /** What is demanded of the callers of operations: of all that are routed. */
  authOf(generations: readonly Generation[], operations: readonly Guarded[]): PoolAuth
}

/** A pool's routes and what was left out. */
export interface PoolRoutes {
  readonly routes: readonly RouteDefinition[]
  readonly findings: readonly Finding[]
}

interface Slot {
  readonly generation: Generation
  readonly schema: LoadedSchema | undefined
  readonly operation: SchemaOperation
  readonly rewrite: ReturnType<typeof rewriteOf>
  readonly generations: string[]
}

/**
 * The union of what a pool's generations offer, newest first. A route that not every generation has names those that have it; where generations
 * need different rewrites for one route, the newest decides. Operations under another service's mount are left out.
 */
export function poolRoutes(generations: readonly Generation[], surroundings: Surroundings): PoolRoutes {
  const { settings, foreignPrefixes, authOf } = surroundings
  let filtered = 0
  const findings = new Map<string, Finding>()
  const slots = new Map<string, Slot>()
  for (const generation of generations) {
    const { stripPrefix } = generation.sample.manifest.routing
    const offered = offersOf(generation, settings).flatMap(({ schema, operations }) =>
      operations.map((operation) => ({ schema, operation })),
    )
    for (const { schema, operation } of offered) {
      if (generation.keeps?.(operation) === false) continue
      if (!isTaken(tagsOf(generation, operation), settings)) {
        filtered += 1
        continue
      }
      const mount = mountFor(operation, generation.placement.mount)
      const path = mountPath(mount, operation.pattern)
      const problem = mount.prefix === '' ? forbidden(path, mount.host === undefined ? foreignPrefixes : []) : undefined
      if (problem !== undefined) {
        findings.set(operation.path, finding('PATH_SKIPPED', `path "${clean(operation.path, 200)}" is not routed: ${problem}`))
        continue
      }
      const rewrite = rewriteOf({ prefix: mount.prefix, stripPrefix, serverPrefix: operation.serverPrefix })
      const key = `${mount.host ?? ''} ${operation.method} ${mountPath(mount, operation.key)}`
      const slot = slots.get(key)
      if (slot === undefined) slots.set(key, { generation, schema, operation, rewrite, generations: [generation.id] })
      else if (slot.generations.includes(generation.id)) continue
      else if (JSON.stringify(slot.rewrite) === JSON.stringify(rewrite)) slot.generations.push(generation.id)
    }
  }
  const guarded = new Map([...slots.values()].map((slot) => [slot, guardedBy(slot)]))
  const auth = authOf(generations, [...guarded.values()])
  const routes = [...guarded].flatMap(([slot, operation]) =>
    definitions(slot, { ...surroundings, generations: generations.length, auth: auth.of(operation) }),
  )
  const notes =
    filtered === 0
      ? []
      : [finding('TAGS_FILTERED', `${filtered} operations are not routed: farp.include_tags or farp.exclude_tags keeps them out`)]
  return { routes, findings: [...[...findings.values()].slice(0, 20), ...notes, ...auth.findings] }
}

/** The tags of the service, then those of the operation. */
function tagsOf({ sample }: Generation, operation: SchemaOperation): string[] {
  return [...new Set([...sample.manifest.routing.tags.map((tag) => clean(tag, 200)), ...operation.tags])]
}

function isTaken(tags: readonly string[], { includeTags, excludeTags }: Settings): boolean {
  if (tags.some((tag) => excludeTags.has(tag))) return false
  return includeTags.size === 0 || tags.some((tag) => includeTags.has(tag))
}

/** Marks a copy. A client that could send it would have its request taken for one, and done for nobody. */
const SHADOW_FIELD = 'x-farp-shadow'

/** Methods that change nothing: a shadow may share its data with those that serve. */
const COPIED: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function mirrorOf({ operation }: Slot, { settings, shadow }: Surroundings): Pick<RouteDefinition, 'mirror'> {
  if (shadow === undefined || operation.protocol !== 'rest' || !COPIED.has(operation.method)) return {}
  const { sample: percent, maxBody } = settings.shadow
  return { mirror: { upstream: shadow, percent, maxBody, headers: { [SHADOW_FIELD]: 'true' } } }
}

/** A root mount never displaces the gateway's own paths or another service's. */
function forbidden(path: string, foreignPrefixes: readonly string[]): string | undefined {
  if (isReserved(path)) return 'it is reserved for the gateway'
  const owner = foreignPrefixes.find((prefix) => path === prefix || path.startsWith(`${prefix}/`))
  return owner === undefined ? undefined : `${owner} is the mount of another service`
}

function guardedBy({ generation, operation }: Slot): Guarded {
  const { placement, sample } = generation
  return guardedOf(operation, mountFor(operation, placement.mount), sample.manifest.routing.stripPrefix)
}

/** What routes of a pool get beside what the pool says. */
interface Treatment extends Surroundings {
  /** How many there are. */
  readonly generations: number
  readonly auth: RouteDefinition['auth']
}

function definitions(slot: Slot, around: Treatment): RouteDefinition[] {
  const { generation, operation, rewrite, generations } = slot
  const { placement, sample } = generation
  const { upstream } = placement
  const mount = mountFor(operation, placement.mount)
  const { routing } = sample.manifest
  const path = mountPath(mount, operation.pattern)
  // The mount itself answers with and without the slash; elsewhere a trailing slash is significant.
  const paths = operation.path === '/' && mount.prefix !== '' ? [path, `${path}/`] : [path]
  const tags = tagsOf(generation, operation)
  const deprecation = deprecationOf(operation, sample.manifest, slot.schema)
  const traits = traitsOf(sample.manifest, operation, around.settings.trustHints)
  return paths.map((at) => ({
    id: `farp:${sample.record.service}:${upstream === sample.record.service ? '' : `${upstream}:`}${operation.method} ${mount.host ?? ''}${at}`,
    path: at,
    upstream,
    methods: [operation.method],
    priority: routing.priority ?? 50,
    ...(mount.host === undefined ? {} : { host: mount.host }),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(generations.length === around.generations ? {} : { subset: { generation: generations } }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(around.auth === undefined ? {} : { auth: around.auth }),
    ...mirrorOf(slot, around),
    ...(around.settings.shadow.enabled ? { ownFields: [SHADOW_FIELD] } : {}),
    ...traits.settings,
    ...(deprecation === undefined ? {} : { deprecated: true, responseFields: deprecationFields(deprecation, mount) }),
    meta: table([
      ...Object.entries(metaOf(slot)),
      ...traits.meta,
      ...(deprecation === undefined
        ? []
        : ([
            ['deprecated', true],
            ['deprecation', deprecationMeta(deprecation)],
          ] as const)),
    ]),
  }))
}

function metaOf({ generation, schema, operation }: Slot): Readonly<Record<string, unknown>> {
  const { sample, placement } = generation
  const { manifest } = sample
  const { routing, auth } = manifest
  const mount = mountFor(operation, placement.mount)
  const path = mountPath(mount, operation.path)
  const meta = table<unknown>([
    ...Object.entries(operation.extensions),
    ['schemaType', schema?.content.type ?? languageOf(operation.protocol)],
    ['protocol', operation.protocol],
    ['service', manifest.serviceName],
    ['version', manifest.serviceVersion],
    ['hash', schema?.content.hash],
    ['mount', placement.strategy],
    ['upstreamPath', upstreamPath({ prefix: mount.prefix, stripPrefix: routing.stripPrefix, serverPrefix: operation.serverPrefix }, path)],
  ])
  if (operation.operationId !== undefined) meta['operationId'] = operation.operationId
  if (operation.summary !== undefined) meta['summary'] = operation.summary
  if (operation.security !== undefined) meta['security'] = operation.security
  if (isDemanding(auth)) meta['auth'] = carriedAuth(auth)
  return meta
}

const carried = new WeakMap<AuthDeclaration, object>()

/** What plugins are told. The schemes' settings are not: they may hold what operators would not show; nor is what would be too much for every route. */
function carriedAuth(auth: AuthDeclaration): object {
  let known = carried.get(auth)
  if (known === undefined) {
    const { requiredScopes, rules: accessControl, publicRoutes } = auth
    const schemes = auth.schemes.map(({ type }) => clean(type, 40))
    const all = { schemes, requiredScopes, accessControl, publicRoutes }
    carried.set(auth, (known = JSON.stringify(all).length <= MOST_CARRIED ? all : { schemes }))
  }
  return known
}
