import { compareText, compareVersions } from '../semver.ts'
import { about, finding } from '../findings.ts'
import { sha256 } from '../manifest/checksum.ts'
import { originOf } from '../address.ts'
import { grpcEndpoint, grpcPoolsOf, grpcUpstream, throughGrpcPools } from './grpc-pools.ts'
import { ruleOn } from '../contract/gate/ruling.ts'
import { sharesOf } from '../pool.ts'
import { table } from '../json.ts'
import { isEligible, statusOf, unexpected } from './eligible.ts'
import { manifestFindings, schemaFindings } from './service-findings.ts'
import { hintsOf } from './traits.ts'
import { placeOf } from './placement.ts'
import { offersOf, poolRoutes } from './routes.ts'
import { documentOf, planDocuments } from './documents.ts'
import type { AuthBooks } from '../auth/index.ts'
import type { Candidate } from './eligible.ts'
import type { ContractGate } from '../contract/gate/gate.ts'
import type { Endpoint, Finding, InstanceReport, RouteDefinition, RouteSet } from '@octopus-gateway/core'
import type { FederatedService } from '../merge/input.ts'
import type { Generation } from './routes.ts'
import type { InstanceView } from './view.ts'
import type { ServiceHints } from '../manifest/hints.ts'
import type { Neighbourhood, Placed } from './placement.ts'
import type { Ruling } from '../contract/gate/ruling.ts'
import type { Settings } from '../options.ts'

/** A service's set, and what the coordinator needs besides. */
export interface Composition {
  readonly set: RouteSet
  readonly documents: readonly FederatedService[]
  /** Mount prefixes in use. */
  readonly prefixes: readonly string[]
  /** When lingering routes are to go: Unix milliseconds. */
  readonly lingersUntil: number | undefined
}

interface Built {
  readonly key: string
  readonly version: string
  readonly serviceVersion: string
  readonly routes: readonly RouteDefinition[]
  readonly upstreams: readonly string[]
  /** What the newest generation of an upstream hints at. */
  readonly hints: ReadonlyMap<string, ServiceHints['upstream']>
  /** Those of them that have a second pool, for gRPC. */
  readonly grpcPools: readonly string[]
  readonly documents: readonly FederatedService[]
  readonly prefixes: readonly string[]
  readonly findings: readonly Finding[]
}

/** Makes one service's route sets. Remembers the last routes: for the linger, and to build nothing anew while only endpoints change. */
export class ServiceComposer {
  readonly #service: string
  readonly #settings: Settings
  readonly #books: AuthBooks
  readonly #gate: ContractGate | undefined
  #built: Built | undefined
  #emptySince: number | undefined

  constructor(
    service: string,
    settings: Settings,
    { books, gate }: { readonly books: AuthBooks; readonly gate: ContractGate | undefined },
  ) {
    this.#service = service
    this.#settings = settings
    this.#books = books
    this.#gate = gate
  }

  /** `undefined` when nothing is left to say about the service. */
  compose(views: readonly InstanceView[], neighbours: Neighbourhood): Composition | undefined {
    const eligible = views.filter((view) => isEligible(view, this.#settings))
    const findings: Finding[] = views.flatMap((view) => about(view.record.id, findingsOf(view)))
    const mounted = eligible.flatMap((candidate): Placed[] => {
      const placement = placeOf(candidate, this.#settings, neighbours)
      if ('upstream' in placement) return [{ candidate, placement }]
      findings.push(...about(candidate.record.id, [placement]))
      return []
    })
    const ruling = ruleOn(this.#service, mounted, { gate: this.#gate, settings: this.#settings })
    const { placed } = ruling
    findings.push(...ruling.findings)
    const lingersUntil = this.#linger(eligible.length > 0)
    if (placed.length > 0) this.#build(placed, neighbours, ruling)
    else if (lingersUntil === undefined) this.#built = undefined
    const built = this.#built
    if (built === undefined && views.every(({ condition }) => condition === 'none' || condition === 'pending')) return undefined
    const weights = weightsOf(placed)
    const set: RouteSet = {
      service: this.#service,
      version: built?.version ?? 'empty',
      routes: built?.routes ?? [],
      upstreams: table([
        ...(built?.upstreams ?? []).map(
          (name) => [name, { ...built?.hints.get(name), endpoints: endpointsOf(name, { placed, weights }) }] as const,
        ),
        ...(built?.grpcPools ?? []).map((name) => {
          // The health path of a manifest is for HTTP, which a port for gRPC does not speak.
          const { healthCheck: _check, ...hints } = built?.hints.get(name) ?? {}
          return [grpcUpstream(name), { ...hints, endpoints: endpointsOf(name, { placed, weights }, grpcEndpoint) }] as const
        }),
      ]),
      ...(built === undefined || built.serviceVersion === '' ? {} : { serviceVersion: built.serviceVersion }),
      documents: documentsOf(built?.documents ?? []),
      findings: distinct([...findings, ...(built?.findings ?? []), ...this.#differences(placed)]),
      instances: views.map((view) => this.#report(view, weights, ruling)),
    }
    return { set, documents: built?.documents ?? [], prefixes: built?.prefixes ?? [], lingersUntil }
  }

  /** While nobody can serve, routes stay for a while and answer 503. */
  #linger(isServed: boolean): number | undefined {
    if (isServed || this.#built === undefined) {
      this.#emptySince = undefined
      return undefined
    }
    this.#emptySince ??= Date.now()
    const until = this.#emptySince + this.#settings.routeLinger
    return Date.now() < until ? until : undefined
  }

  #build(placed: readonly Placed[], neighbours: Neighbourhood, ruling: Ruling): void {
    const pools = new Map<string, Generation[]>()
    for (const { candidate, placement } of placed) {
      const pool = pools.get(placement.upstream) ?? []
      pools.set(placement.upstream, pool)
      if (!pool.some(({ id }) => id === candidate.generation)) pool.push({ id: candidate.generation, sample: candidate, placement })
    }
    for (const [name, pool] of pools) pools.set(name, [...ruling.route(name, pool.sort(newestFirst))])
    const names = [...pools.keys()].sort(compareText)
    const plans = planDocuments(placed, this.#settings)
    const foreign = placed.some(isAtRoot) ? neighbours.prefixes : []
    const { authProviders } = neighbours
    const grpcPools = grpcPoolsOf(placed)
    const key = JSON.stringify([
      grpcPools,
      names.map((name) => [name, pools.get(name)!.map(({ id }) => id)]),
      plans.map(({ id }) => id),
      foreign,
      [...authProviders].sort(),
      ruling.key,
    ])
    if (this.#built?.key === key) return
    const results = names.map((name) =>
      poolRoutes(pools.get(name)!, this.#settings, {
        foreignPrefixes: foreign,
        authOf: (generations, operations) =>
          this.#books.of(name).demands({
            settings: this.#settings.auth,
            declarations: generations.map(({ sample }) => sample.manifest.auth),
            operations,
            providers: authProviders,
          }),
      }),
    )
    const all = results.flatMap(({ routes }) => routes)
    const { operations } = this.#settings.limits
    const routes = throughGrpcPools(all.slice(0, operations), grpcPools)
    const samples = names.flatMap((name) => pools.get(name)!)
    this.#built = {
      key,
      version: sha256(key).slice(0, 16),
      serviceVersion:
        samples
          .map(({ sample }) => sample.manifest.serviceVersion)
          .sort(compareVersions)
          .at(-1) ?? '',
      routes,
      upstreams: names,
      hints: new Map(names.map((name) => [name, hintsOf(pools.get(name)![0]!.sample.manifest, this.#settings.trustHints).upstream])),
      grpcPools,
      documents: plans.map((plan) => documentOf(plan, routes)),
      prefixes: unique(samples.flatMap(({ placement }) => (placement.mount.prefix === '' ? [] : [placement.mount.prefix]))),
      findings: [
        ...results.flatMap(({ findings }) => findings),
        ...samples.flatMap((generation) => [...manifestFindings(generation.sample, this.#settings), ...schemaFindings(generation.sample)]),
        ...samples
          .filter((generation) => offersOf(generation, this.#settings).every(({ operations }) => operations.length === 0))
          .map(({ sample }) => nothing(sample)),
        ...(all.length > operations
          ? [finding('LIMIT_EXCEEDED', `the service has ${all.length} routes; only the first ${operations} are used`)]
          : []),
      ],
    }
  }

  /** Normal while a deployment rolls; worth knowing when it does not end. */
  #differences(placed: readonly Placed[]): Finding[] {
    const generations = unique(
      placed.map(({ candidate }) => `${candidate.generation} (version ${candidate.manifest.serviceVersion || 'unknown'})`),
    )
    if (generations.length < 2 || placed.every(({ placement }) => placement.strategy === 'instance')) return []
    return [
      finding(
        'GENERATIONS_DIFFER',
        `its instances offer different routes or documents: generations ${generations.sort(compareText).join(', ')}`,
      ),
    ]
  }

  #report(view: InstanceView, weights: ReadonlyMap<string, number>, { held }: Ruling): InstanceReport {
    const { record, manifest, address } = view
    const version = manifest?.serviceVersion || record.version
    const zone = record.zone ?? manifest?.instance?.zone
    return {
      id: record.id,
      origin: address === undefined ? '' : originOf(address),
      status: held.get(record.id) ?? statusOf(view, this.#settings),
      weight: weights.get(record.id) ?? 0,
      manifest: view.condition === 'pending' ? 'none' : view.condition,
      ...(version === undefined ? {} : { version }),
      ...(zone === undefined ? {} : { zone }),
      ...(view.manifestUrl === undefined ? {} : { manifestUrl: view.manifestUrl }),
      ...(manifest === undefined || manifest.checksum === '' ? {} : { checksum: manifest.checksum }),
    }
  }
}

/** Newest first: by version, then by the time a manifest claims (it only breaks ties), then by id. */
function newestFirst(a: Generation, b: Generation): number {
  const left = a.sample.manifest
  const right = b.sample.manifest
  return compareVersions(right.serviceVersion, left.serviceVersion) || right.updatedAt - left.updatedAt || compareText(a.id, b.id)
}

function findingsOf(view: InstanceView): Finding[] {
  const odd = unexpected(view)
  return odd === undefined ? [...view.findings] : [...view.findings, odd]
}

/** Whether something of it is mounted at the root, where other services' mounts are. */
function isAtRoot({ candidate, placement }: Placed): boolean {
  if (placement.mount.host !== undefined) return false
  return placement.mount.prefix === '' || candidate.schemas.some(({ adapted }) => adapted.operations.some(({ isFixed }) => isFixed))
}

function nothing({ manifest, schemas }: Candidate): Finding {
  const reason =
    manifest.schemas.length === 0
      ? 'its manifest lists no schema'
      : schemas.length === 0
        ? 'none of its schemas could be had'
        : 'its schemas offer nothing that is routed'
  return finding('NOTHING_ROUTABLE', `nothing of version "${manifest.serviceVersion}" can be routed: ${reason}`)
}

function weightsOf(placed: readonly Placed[]): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  const pools = new Map<string, Placed[]>()
  for (const item of placed) pools.set(item.placement.upstream, [...(pools.get(item.placement.upstream) ?? []), item])
  for (const pool of pools.values()) {
    const sharers = pool.map(({ candidate }) => ({
      id: candidate.record.id,
      account: candidate.manifest.instance,
      registryWeight: candidate.record.weight,
    }))
    for (const [id, weight] of sharesOf(sharers)) weights.set(id, weight)
  }
  return weights
}

function endpointsOf(
  upstream: string,
  { placed, weights }: { placed: readonly Placed[]; weights: ReadonlyMap<string, number> },
  at: (endpoint: Endpoint, candidate: Candidate) => Endpoint = (endpoint) => endpoint,
): Endpoint[] {
  return placed
    .filter(({ placement }) => placement.upstream === upstream)
    .map(({ candidate }) => {
      const { record, manifest, generation, address } = candidate
      const zone = record.zone ?? manifest.instance?.zone
      const version = manifest.serviceVersion || record.version || ''
      const endpoint = {
        id: `${record.service}/${record.id}`,
        origin: originOf(address),
        weight: weights.get(record.id)!,
        ...(zone === undefined ? {} : { zone }),
        labels: { service: record.service, instance: record.id, version, generation, role: manifest.instance?.role || 'primary' },
      }
      return at(endpoint, candidate)
    })
}

/** Each document once. */
function documentsOf(documents: readonly FederatedService[]): NonNullable<RouteSet['documents']> {
  return [...new Map(documents.map(({ kind, hash }) => [`${kind} ${hash}`, { kind, hash }])).values()]
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((item) => [`${item.code}\n${item.instance ?? ''}\n${item.message}`, item]))
  return [...seen.values()].sort(
    (a, b) => compareText(a.code, b.code) || compareText(a.instance ?? '', b.instance ?? '') || compareText(a.message, b.message),
  )
}
