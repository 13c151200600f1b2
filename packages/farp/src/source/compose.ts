import { compareText, compareVersions } from '../semver.ts'
import { about, finding } from '../findings.ts'
import { isEligible, isShadow, unexpected } from './eligible.ts'
import { poolsOf, shadowOf, sharingOf, upstreamsOf, weightsOf } from './endpoints.ts'
import { grpcPoolsOf } from './grpc-pools.ts'
import { healthOf, reportOf } from './report.ts'
import { plannedRoutes } from './plan.ts'
import { planDocuments } from './documents.ts'
import { placeOf } from './placement.ts'
import { ruleOn } from '../contract/gate/ruling.ts'
import { sha256 } from '../manifest/checksum.ts'
import { table } from '../json.ts'
import { Unity } from './unity.ts'
import type { AdaptedSchema } from '../adapters/adapter.ts'
import type { AuthBook, AuthBooks } from '../auth/index.ts'
import type { ContractGate } from '../contract/gate/gate.ts'
import type { Ruling } from '../contract/gate/ruling.ts'
import type { Candidate } from './eligible.ts'
import type { FederatedService } from '../merge/input.ts'
import type { Finding, Logger, RouteSet } from '@octopus-gateway/core'
import type { Generation } from './routes.ts'
import type { InstanceView } from './view.ts'
import type { Neighbourhood, Placed } from './placement.ts'
import type { Plan, PlanContext } from './plan.ts'
import type { Settings } from '../options.ts'

/** A service's set, and what the coordinator needs besides. */
export interface Composition {
  readonly set: RouteSet
  readonly documents: readonly FederatedService[]
  /** Mount prefixes in use. */
  readonly prefixes: readonly string[]
  /** When it is to be looked at again though nothing changed: lingering routes go, or generations differ for too long. Unix milliseconds. */
  readonly wakesAt: number | undefined
}

/** The instances that serve, those that get copies, and what the gate says about them. */
interface Found {
  readonly placed: readonly Placed[]
  readonly shadows: readonly Placed[]
  readonly ruling: Ruling
}

interface Built extends Plan {
  readonly key: string
  readonly version: string
}

/** Whom a composer works with. */
export interface Company {
  readonly books: AuthBooks
  /** Without one every contract is served. */
  readonly gate: ContractGate | undefined
  readonly log: Logger
}

/** Makes one service's route sets. Remembers the last routes: for the linger, and to build nothing anew while only endpoints change. */
export class ServiceComposer {
  readonly #service: string
  readonly #settings: Settings
  readonly #books: AuthBooks
  readonly #gate: ContractGate | undefined
  readonly #unity: Unity
  #built: Built | undefined
  #emptySince: number | undefined

  constructor(service: string, settings: Settings, { books, gate, log }: Company) {
    this.#service = service
    this.#settings = settings
    this.#books = books
    this.#gate = gate
    this.#unity = new Unity(service, settings, log)
  }

  /** `undefined` when nothing is left to say about the service. */
  compose(views: readonly InstanceView[], neighbours: Neighbourhood): Composition | undefined {
    const settings = this.#settings
    const findings: Finding[] = views.flatMap((view) => about(view.record.id, findingsOf(view)))
    const place = (candidates: readonly Candidate[]): Placed[] =>
      candidates.flatMap((candidate) => {
        const placement = placeOf(candidate, settings, neighbours)
        if ('upstream' in placement) return [{ candidate, placement }]
        findings.push(...about(candidate.record.id, [placement]))
        return []
      })
    const eligible = views.filter((view) => isEligible(view, settings))
    const ruling = ruleOn(this.#service, place(eligible), { gate: this.#gate, settings })
    const { placed } = ruling
    findings.push(...ruling.findings)
    const shadows = place(views.filter((view) => isShadow(view, settings)))
    const lingersUntil = this.#linger(eligible.length > 0)
    if (placed.length > 0) this.#build({ placed, shadows, ruling }, neighbours)
    else if (lingersUntil === undefined) this.#built = undefined
    const built = this.#built
    if (built === undefined && views.every(({ condition }) => condition === 'none' || condition === 'pending')) return undefined
    const weights = weightsOf(placed, settings.colours.get(this.#service))
    const unity = this.#unity.look(placed)
    const set: RouteSet = {
      service: this.#service,
      version: built?.version ?? 'empty',
      routes: built?.routes ?? [],
      upstreams: built === undefined ? table() : upstreamsOf(built, { placed, shadows, settings }, weights),
      ...(built === undefined || built.rewrites.length === 0 ? {} : { rewrites: built.rewrites }),
      ...(built === undefined || built.serviceVersion === '' ? {} : { serviceVersion: built.serviceVersion }),
      documents: documentsOf(built?.documents ?? []),
      findings: distinct([...findings, ...(built?.findings ?? []), ...unity.findings, ...trafficFindings(placed)]),
      health: healthOf(views, settings),
      instances: views.map((view) => reportOf(view, { weights, settings, held: ruling.held })),
    }
    return { set, documents: built?.documents ?? [], prefixes: built?.prefixes ?? [], wakesAt: earlier(lingersUntil, unity.wakesAt) }
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

  #build({ placed, shadows, ruling }: Found, neighbours: Neighbourhood): void {
    const settings = this.#settings
    const pools = generationsOf(placed, ruling)
    const documents = planDocuments(placed, settings)
    const foreignPrefixes = placed.some(isAtRoot) ? neighbours.prefixes : []
    const shadowed = new Set(shadows.map(({ placement }) => shadowOf(placement.upstream)))
    const members = poolsOf(placed)
    const grpcPools = grpcPoolsOf(placed)
    const { authProviders } = neighbours
    const key = JSON.stringify([
      grpcPools,
      [...pools].map(([name, pool]) => [
        name,
        pool.map(({ id }) => id),
        sharingOf(members.get(name)!, settings),
        shadowed.has(shadowOf(name)),
      ]),
      documents.map(({ id }) => id),
      foreignPrefixes,
      [...authProviders].sort(),
      ruling.key,
    ])
    if (this.#built?.key === key) return
    const books = new Set<AuthBook>()
    const authOf: PlanContext['authOf'] = (name, generations, operations) => {
      const book = this.#books.of(name, this.#service)
      books.add(book)
      const declarations = generations.map(({ sample }) => sample.manifest.auth)
      return book.demands({ settings: settings.auth, declarations, operations, providers: authProviders })
    }
    this.#built = {
      key,
      version: sha256(key).slice(0, 16),
      ...plannedRoutes(pools, { settings, foreignPrefixes, shadowed, documents, grpcPools, authOf }),
    }
    this.#books.settle(this.#service, books)
  }
}

/** The generations of each pool, the newest first; pools in the order of their names. */
function generationsOf(placed: readonly Placed[], ruling: Ruling): ReadonlyMap<string, readonly Generation[]> {
  const pools = poolsOf(placed)
  const names = [...pools.keys()].sort(compareText)
  return new Map(
    names.map((name) => {
      const generations = new Map<string, Generation>()
      for (const { candidate, placement } of pools.get(name)!)
        if (!generations.has(candidate.generation))
          generations.set(candidate.generation, { id: candidate.generation, sample: candidate, placement })
      return [name, ruling.route(name, [...generations.values()].sort(newestFirst))]
    }),
  )
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
  return placement.mount.prefix === '' || candidate.schemas.some(({ adapted }) => hasFixed(adapted))
}

/** Asked for every instance at every change: remembered for each schema. */
function hasFixed(adapted: AdaptedSchema): boolean {
  let has = fixed.get(adapted)
  if (has === undefined) fixed.set(adapted, (has = adapted.operations.some(({ isFixed }) => isFixed)))
  return has
}

const fixed = new WeakMap<AdaptedSchema, boolean>()

/** Canaries that want different shares of the traffic. */
function trafficFindings(placed: readonly Placed[]): Finding[] {
  const percents = new Set(
    placed.flatMap(({ candidate: { manifest } }) =>
      manifest.instance?.role === 'canary' && manifest.instance.trafficPercent !== undefined ? [manifest.instance.trafficPercent] : [],
    ),
  )
  if (percents.size < 2) return []
  return [
    finding('TRAFFIC_DIFFERS', `its canaries ask for ${[...percents].sort((a, b) => a - b).join(', ')} percent; the largest share counts`),
  ]
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

/** Each document once. */
function documentsOf(documents: readonly FederatedService[]): NonNullable<RouteSet['documents']> {
  return [...new Map(documents.map(({ kind, hash }) => [`${kind} ${hash}`, { kind, hash }])).values()]
}

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((item) => [`${item.code}\n${item.instance ?? ''}\n${item.message}`, item]))
  return [...seen.values()].sort(
    (a, b) => compareText(a.code, b.code) || compareText(a.instance ?? '', b.instance ?? '') || compareText(a.message, b.message),
  )
}
