import { about, finding } from '../../findings.ts'
import { keyOf } from './contract.ts'
import { table } from '../../json.ts'
import type { Contract } from './contract.ts'
import type { ContractGate } from './gate.ts'
import type { Finding } from '@octopus-gateway/core'
import type { Generation } from '../../source/routes.ts'
import type { Line, Offered } from './line.ts'
import type { LoadedSchema } from '../../schemas/content.ts'
import type { Placed } from '../../source/placement.ts'
import type { SchemaOperation, SchemaType } from '../../adapters/adapter.ts'
import type { Settings } from '../../options.ts'

/** What the gate says about the instances of a service. */
export interface Ruling {
  /** Those that get requests. */
  readonly placed: readonly Placed[]
  /** By instance: why it gets none. */
  readonly held: ReadonlyMap<string, 'held' | 'rejected'>
  readonly findings: readonly Finding[]
  /** The generations of a pool as they are to be routed. */
  route(upstream: string, generations: readonly Generation[]): readonly Generation[]
  /** Equal when `route` does the same. */
  readonly key: string
}

/** Mounts of single instances are no contract: a new instance has a new mount. */
function isLined({ placement }: Placed): boolean {
  return placement.strategy !== 'instance'
}

/** Asks the gate about all instances of a service. */
export function ruleOn(
  service: string,
  placed: readonly Placed[],
  { gate, settings }: { readonly gate: ContractGate | undefined; readonly settings: Settings },
): Ruling {
  if (gate === undefined) return { placed, held: new Map(), findings: [], key: '', route: (_upstream, generations) => generations }
  const pools = new Map<string, Placed[]>()
  for (const item of placed.filter(isLined)) pools.set(item.placement.upstream, [...(pools.get(item.placement.upstream) ?? []), item])
  gate.keepOnly(service, new Set(pools.keys()))
  const admitted = placed.filter((item) => !isLined(item))
  const held = new Map<string, 'held' | 'rejected'>()
  const findings: Finding[] = []
  const fallbacks = new Map<string, Fallback>()
  for (const [upstream, members] of pools) {
    const { line, contracts } = gate.look(service, upstream, generationsIn(members))
    const standing = (item: Placed): Standing => standingOf(line, contracts.get(item.candidate.generation), settings)
    const free = members.filter((item) => standing(item) === 'free')
    if (free.length > 0) admitted.push(...free)
    else {
      // Nobody else is there: better what has not changed than nothing at all.
      admitted.push(...members)
      fallbacks.set(upstream, fallbackOf(line, contracts))
    }
    for (const item of members) {
      const how = standing(item)
      if (how === 'free') continue
      const { id } = item.candidate.record
      held.set(id, how)
      findings.push(
        ...about(id, [heldFinding(line, item, { contract: contracts.get(item.candidate.generation), how, hasOthers: free.length > 0 })]),
      )
    }
    if (settings.updatePolicy !== 'gated') findings.push(...changeFindings(line, settings))
  }
  const key = [...fallbacks].map(([upstream, { key }]) => `${upstream} ${key}`).join('\n')
  // In the order they came: nothing else may depend on the gate.
  const order = new Set(admitted)
  return {
    placed: placed.filter((item) => order.has(item)),
    held,
    findings,
    key,
    route: (upstream, generations) => routed(fallbacks.get(upstream), generations),
  }
}

type Standing = 'free' | 'held' | 'rejected'

/** A contract that cannot be had whole is no contract yet. */
function standingOf(line: Line, contract: Contract | undefined, { updatePolicy }: Settings): Standing {
  if (contract !== undefined && line.isRejected(contract.digest)) return 'rejected'
  const isFree = updatePolicy !== 'gated' || line.record === undefined || (contract !== undefined && line.isApproved(contract.digest))
  return isFree ? 'free' : 'held'
}

function generationsIn(members: readonly Placed[]): Generation[] {
  const generations = new Map<string, Generation>()
  for (const { candidate, placement } of members) {
    if (!generations.has(candidate.generation))
      generations.set(candidate.generation, { id: candidate.generation, sample: candidate, placement })
  }
  return [...generations.values()]
}

/** What held generations may serve while no approved one is there. */
interface Fallback {
  readonly approved: Contract
  /** By generation: operations that are as they were. */
  readonly unchanged: ReadonlyMap<string, ReadonlySet<string>>
  readonly key: string
}

function fallbackOf(line: Line, contracts: ReadonlyMap<string, Contract>): Fallback {
  const approved = line.record!.baseline
  const unchanged = new Map(
    [...contracts].map(([generation, { digest, operations }]) => {
      const { judgement, objection } = line.offered.get(digest)!
      const keys = [...approved.operations.keys()].filter((key) => {
        if (judgement !== undefined) return !judgement.affected.has(key)
        // Being compared, for a moment: what is there under both goes on until then. Nothing, when it could not be compared.
        return objection === undefined && operations.has(key)
      })
      return [generation, new Set(keys)] as const
    }),
  )
  const key = JSON.stringify([approved.digest, [...unchanged].map(([generation, keys]) => [generation, [...keys]])])
  return { approved, unchanged, key }
}

function routed(fallback: Fallback | undefined, generations: readonly Generation[]): readonly Generation[] {
  if (fallback === undefined || generations.length === 0) return generations
  const { approved, unchanged } = fallback
  const kept = generations.map((generation) => {
    const keys = unchanged.get(generation.id) ?? new Set<string>()
    return { ...generation, keeps: (operation: Parameters<typeof keyOf>[1]) => keys.has(keyOf(generation, operation)) }
  })
  return [...kept, standIn(approved, generations[0]!)]
}

/**
 * The approved contract as a generation that no instance has: its routes are there, and answer 503 unless a held instance still serves them as they
 * were.
 */
function standIn(approved: Contract, { sample, placement }: Generation): Generation {
  const kinds = new Map<SchemaType, SchemaOperation[]>()
  for (const { kind = 'custom', operation } of approved.operations.values()) kinds.set(kind, [...(kinds.get(kind) ?? []), operation])
  const schemas = [...kinds].map(([type, operations]) => schemaOf(type, operations, approved))
  const routing = { ...sample.manifest.routing, pathRules: [] }
  const manifest = { ...sample.manifest, raw: table<unknown>(), serviceVersion: approved.version, routing }
  const id = `approved-${approved.digest}`
  return { id, sample: { ...sample, manifest, generation: id, schemas, includeInternal: true }, placement }
}

function schemaOf(type: SchemaType, operations: readonly SchemaOperation[], { schemas }: Contract): LoadedSchema {
  const known = schemas.find(({ kind }) => kind === type)
  const hash = known?.hash ?? ''
  return {
    descriptor: {
      type,
      specVersion: '',
      location: { type: 'unknown' },
      contentType: undefined,
      hash: undefined,
      composition: undefined,
      metadata: table(),
      compatibility: undefined,
    },
    content: { type, hash, document: known?.document ?? table() },
    adapted: { operations, findings: [] },
    declared: undefined,
    isVerified: false,
    url: undefined,
    etag: undefined,
    seenAt: 0,
  }
}

function heldFinding(
  line: Line,
  { candidate }: Placed,
  { contract, how, hasOthers }: { readonly contract: Contract | undefined; readonly how: 'held' | 'rejected'; readonly hasOthers: boolean },
): Finding {
  const { generation, manifest } = candidate
  const offered = contract === undefined ? undefined : line.offered.get(contract.digest)
  const why =
    contract === undefined
      ? 'its schemas cannot be had, so it cannot be compared'
      : how === 'rejected'
        ? 'an operator rejected its contract'
        : reasonOf(offered)
  const then = hasOthers ? 'it gets no requests' : 'it only serves what has not changed'
  const remedy = contract === undefined ? '' : ` until it is approved: octopus farp approve ${line.service} ${generation}`
  return finding('CONTRACT_HELD', `version "${manifest.serviceVersion}" (generation ${generation}) is held: ${why}; ${then}${remedy}`)
}

function reasonOf(offered: Offered | undefined): string {
  if (offered?.judgement === undefined) return offered?.objection ?? 'it is being compared with the approved contract'
  return `${offered.objection ?? 'it is not approved'}${toldOf(offered)}`
}

function toldOf({ judgement }: Offered): string {
  if (judgement === undefined) return ''
  const { counts, changes } = judgement
  const first = changes.find(({ effect }) => effect !== 'safe')
  const where =
    first === undefined
      ? ''
      : `, such as ${[first.operations[0] ?? first.path, first.description].filter((part) => part !== '').join(': ')}`
  return ` (${counts.breaking} breaking, ${counts.unknown} unknown${where})`
}

/** Contracts that took the place of others though clients may break. */
function changeFindings({ offered }: Line, { updatePolicy }: Settings): Finding[] {
  return [...offered.values()].flatMap((item) => {
    if (item.judgement === undefined || item.judgement.effect === 'safe') return []
    const { generation, version } = item.contract
    const code = updatePolicy === 'warn' ? 'CONTRACT_BROKEN' : 'CONTRACT_CHANGED'
    return [
      finding(
        code,
        `version "${version}" (generation ${generation}) is not surely compatible with the contract before it${toldOf(item)}; it is served`,
      ),
    ]
  })
}
