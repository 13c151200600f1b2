import { fetchManifest } from '../manifest/fetch.ts'
import { readAuth } from '../manifest/auth.ts'
import { finding } from '../findings.ts'
import { healthFailure } from './pushed-look.ts'
import { loadSchema } from '../schemas/load.ts'
import { describedSchemas } from './described.ts'
import { ManifestError } from '../manifest/manifest.ts'
import { NO_ROUTING } from '../manifest/routing.ts'
import { sameJson, table } from '../json.ts'
import { PUSH_PROVIDER } from '../push/merged.ts'
import type { Address } from '../address.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { FetchError } from '../net/fetcher.ts'
import type { Finding, ServiceInstance, SourceMeter } from '@octopus-gateway/core'
import type { LoadedSchema, SchemaCache } from '../schemas/content.ts'
import type { Manifest, SchemaDescriptor } from '../manifest/manifest.ts'
import type { ParsedManifest } from '../manifest/parse.ts'
import type { Metadata } from '../metadata.ts'
import type { RegistryStore } from '../schemas/registry.ts'
import type { Settings } from '../options.ts'
import type { TrustScope } from '../trust.ts'

/** An instance to look at, and the means. */
export interface Inspection {
  readonly record: ServiceInstance
  readonly metadata: Metadata
  readonly own: Address
  readonly scope: TrustScope
  /** `probe`: nothing says that it speaks FARP, so a refusal to answer is no failure. */
  readonly expectation: 'declared' | 'probe'
  readonly parse: (content: string | Uint8Array) => ParsedManifest
  readonly settings: Settings
  readonly fetcher: DocumentFetcher
  readonly cache: SchemaCache
  readonly meter: SourceMeter
  readonly store: RegistryStore | undefined
  /** Whether there is a last good manifest: then metadata is no substitute. */
  readonly isKnown: boolean
  /** The last good schemas. */
  readonly schemas: readonly LoadedSchema[]
  /** The manifest that the instance pushed. `isFresh`: nobody has looked at it yet, and it counts before the one that is served. */
  readonly pushed: { readonly manifest: string; readonly isFresh: boolean } | undefined
  readonly signal: AbortSignal
}

/** What one look at an instance brought. */
export type Inspected =
  | {
      readonly kind: 'manifest'
      /** `fallback`: made from metadata alone. */
      readonly condition: 'ok' | 'fallback'
      readonly manifest: Manifest
      readonly manifestUrl: string | undefined
      /** Whether it is the one that was pushed. */
      readonly isPushed: boolean
      /** In the order of the manifest, without those that could not be had. */
      readonly schemas: readonly LoadedSchema[]
      readonly findings: readonly Finding[]
    }
  /** It answered, but not with a usable manifest. */
  | { readonly kind: 'failed'; readonly findings: readonly Finding[] }
  /** It does not speak FARP. */
  | { readonly kind: 'none' }
  /** It did not answer. */
  | { readonly kind: 'silent'; readonly failure: FetchError; readonly findings: readonly Finding[] }

/** Looks at an instance once: manifest, then schemas. Throws nothing a peer can cause. */
export async function inspect(inspection: Inspection): Promise<Inspected> {
  const { own, scope, metadata, settings, fetcher, parse, signal, pushed } = inspection
  let answer: Awaited<ReturnType<typeof fetchManifest>>
  try {
    if (pushed?.isFresh === true) return await fromPush(inspection, pushed.manifest)
    answer = await fetchManifest({ own, scope, metadata, fetcher, parse, signal, maxBytes: settings.limits.manifestBytes })
  } catch (thrown) {
    if (!(thrown instanceof ManifestError)) throw thrown
    return { kind: 'failed', findings: [finding(thrown.code, `the manifest is refused: ${thrown.message}`, thrown.pointer)] }
  }
  if ('manifest' in answer) {
    const { manifest, url, findings } = answer
    const isForeign = inspection.record.provider === PUSH_PROVIDER && manifest.serviceName !== inspection.record.service
    // Whoever may register one service would otherwise be mounted as another.
    if (isForeign) return { kind: 'failed', findings: [finding('VALIDATION', FOREIGN_NAME)] }
    return withSchemas(inspection, { condition: 'ok', manifest, manifestUrl: url, isPushed: false, findings })
  }
  const { own: failure, findings } = answer
  if (failure !== undefined && failure.kind !== 'status' && failure.kind !== 'content' && failure.kind !== 'blocked')
    return { kind: 'silent', failure, findings }
  if (pushed !== undefined) return fromPush(inspection, pushed.manifest)
  const substitute = inspection.isKnown ? undefined : fromMetadata(inspection)
  if (substitute !== undefined) {
    const note = finding('METADATA_ONLY', 'the manifest could not be had; the service is routed from its metadata alone')
    return withSchemas(inspection, {
      condition: 'fallback',
      manifest: substitute,
      manifestUrl: undefined,
      isPushed: false,
      findings: [...findings, note],
    })
  }
  const isElsewhere = failure?.kind === 'status' && [404, 405, 410, 501].includes(failure.status ?? 0)
  return inspection.expectation === 'probe' && isElsewhere ? { kind: 'none' } : { kind: 'failed', findings }
}

const FOREIGN_NAME = 'the manifest is of another service than the one that was registered'

/** The manifest that was pushed. Once it was used it counts as long as the instance is there and serves none. */
async function fromPush(inspection: Inspection, text: string): Promise<Inspected> {
  const { manifest, findings } = inspection.parse(text)
  const maxBytes = inspection.settings.limits.manifestBytes
  const failure = inspection.pushed?.isFresh === true ? undefined : await healthFailure(manifest, { ...inspection, maxBytes })
  if (failure !== undefined) return { kind: 'silent', failure, findings }
  return withSchemas(inspection, { condition: 'ok', manifest, manifestUrl: undefined, isPushed: true, findings })
}

interface Found {
  readonly condition: 'ok' | 'fallback'
  readonly manifest: Manifest
  readonly manifestUrl: string | undefined
  readonly isPushed: boolean
  readonly findings: readonly Finding[]
}

async function withSchemas(inspection: Inspection, found: Found): Promise<Inspected> {
  const { own, scope, metadata, settings, fetcher, cache, meter, store, signal, schemas: known } = inspection
  const { endpoints, serviceVersion: version } = found.manifest
  const { adapters, limits, hashVerification: policy, schemaCacheTtl: ttl } = settings
  const descriptors = describedSchemas(found.manifest, metadata)
  const budget = { bytes: limits.schemasBytes }
  const results = await Promise.all(
    descriptors.slice(0, limits.schemas).map((descriptor) => {
      const previous = previousOf(descriptor, descriptors, known)
      const place = { own, scope, metadata, endpoints, version }
      return loadSchema(descriptor, { ...place, fetcher, cache, meter, store, adapters, limits, policy, ttl, budget, previous, signal })
    }),
  )
  return {
    kind: 'manifest',
    ...found,
    schemas: results.flatMap(({ loaded }) => loaded ?? []),
    findings: [...found.findings, ...results.flatMap(({ findings }) => findings)],
  }
}

/** What was known of the same descriptor, or at the same place among those of its language. */
function previousOf(
  descriptor: SchemaDescriptor,
  descriptors: readonly SchemaDescriptor[],
  known: readonly LoadedSchema[],
): LoadedSchema | undefined {
  const ofType = known.filter(({ content }) => content.type === descriptor.type)
  const same = ofType.find((schema) => sameJson(schema.descriptor.location, descriptor.location))
  // One that could not be had yet leaves a gap: then places tell nothing.
  const siblings = descriptors.filter(({ type }) => type === descriptor.type)
  return same ?? (siblings.length === ofType.length ? ofType[siblings.indexOf(descriptor)] : undefined)
}

/** One for each record: schemas are asked for again when their manifest is another one. */
const substitutes = new WeakMap<ServiceInstance, Manifest>()

/** A manifest made from what the record says, when it says where documents are. */
function fromMetadata({ record, metadata }: Inspection): Manifest | undefined {
  const places = (['openapi', 'asyncapi', 'graphql'] as const).flatMap((type) => {
    const url = metadata.get(`farp.${type}`) || metadata.get(`farp.${type}.path`) || metadata.get(type)
    return url === undefined || url === '' ? [] : [{ type, url }]
  })
  if (places.length === 0 && !metadata.is('farp.grpc.reflection')) return undefined
  const known = substitutes.get(record)
  if (known !== undefined) return known
  const schemas = places.map(({ type, url }): SchemaDescriptor => ({
    type,
    specVersion: '',
    location: { type: 'http', url, headers: new Map() },
    contentType: undefined,
    hash: undefined,
    composition: undefined,
    metadata: table(),
    compatibility: undefined,
  }))
  // The place of a GraphQL schema is the path that serves it.
  const graphql = metadata.get('farp.graphql.path') || places.find(({ type, url }) => type === 'graphql' && url.startsWith('/'))?.url
  const manifest: Manifest = {
    version: '1.0.0',
    serviceName: record.service,
    serviceVersion: record.version ?? metadata.get('version') ?? '',
    instanceId: undefined,
    instance: undefined,
    schemas,
    capabilities: [],
    endpoints: { health: undefined, metrics: undefined, openapi: undefined, asyncapi: undefined, graphql, grpcReflection: false },
    routing: NO_ROUTING,
    auth: readAuth(table()),
    updatedAt: 0,
    checksum: '',
    routesChecksum: '',
    extensions: table(),
    raw: table(),
  }
  substitutes.set(record, manifest)
  return manifest
}
