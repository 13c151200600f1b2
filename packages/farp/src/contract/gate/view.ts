import type { Contract } from './contract.ts'
import type { ContractGate } from './gate.ts'
import type { Decision } from './record.ts'
import type { GenerationName, Line, Offered } from './line.ts'
import type { UpdatePolicy } from '../../options.ts'

/** What instances offer of a service that is not, or not only, the approved contract; as the admin API shows it. */
export interface OfferedView {
  /** Equal for generations that promise the same. */
  readonly contract: string
  readonly generations: readonly GenerationName[]
  /** `approved`: served. `applied`: being compared, or about to be approved. `held`, `rejected`: not served. */
  readonly state: 'approved' | 'applied' | 'held' | 'rejected'
  readonly reason: string | null
  readonly declared: string | null
  readonly effect: string | null
  readonly counts: Readonly<Record<string, number>> | null
  /** The worst first; only where one service is asked for. */
  readonly changes?: readonly object[]
  readonly omitted?: number
}

/** One mount of a service. */
export interface LineView {
  readonly service: string
  readonly upstream: string
  readonly approved: object | null
  readonly offered: readonly OfferedView[]
  /** Earlier decisions, the latest first; only where one service is asked for. */
  readonly history?: readonly object[]
}

/** All services, or one with every change. */
export function linesIn(gate: ContractGate, policy: UpdatePolicy, service?: string): readonly LineView[] {
  const isWhole = service !== undefined
  return gate.lines
    .filter((line) => !isWhole || line.service === service || line.name === service)
    .filter((line) => line.record !== undefined || line.offered.size > 0)
    .map((line) => ({
      service: line.service,
      upstream: line.name,
      approved: line.record === undefined ? null : decisionView(line.record.approved.at(-1)!),
      offered: [...line.offered.values()].map((offered) => offeredView(line, offered, policy, isWhole)),
      ...(isWhole ? { history: historyOf(line) } : {}),
    }))
}

function offeredView(
  line: Line,
  { contract, generations, judgement, declared, objection }: Offered,
  policy: UpdatePolicy,
  isWhole: boolean,
): OfferedView {
  const state = stateOf(line, contract, policy)
  return {
    contract: contract.digest,
    generations,
    state,
    reason: state === 'held' ? (objection ?? 'it is being compared with the approved contract') : null,
    declared: declared.mode ?? null,
    effect: judgement?.effect ?? null,
    counts: judgement?.counts ?? null,
    ...(isWhole ? { changes: judgement?.changes ?? [], omitted: judgement?.omitted ?? 0 } : {}),
  }
}

function stateOf(line: Line, { digest }: Contract, policy: UpdatePolicy): OfferedView['state'] {
  if (line.isRejected(digest)) return 'rejected'
  if (line.isApproved(digest)) return 'approved'
  return policy === 'gated' ? 'held' : 'applied'
}

function historyOf({ record }: Line): object[] {
  if (record === undefined) return []
  const all = [
    ...record.approved.map((decision) => ({ decision: 'approved', ...decisionView(decision) })),
    ...record.rejected.map((decision) => ({ decision: 'rejected', ...decisionView(decision) })),
  ]
  return all.sort((a, b) => (a.at < b.at ? 1 : -1))
}

function decisionView({ digest, generation, version, checksum, at, by }: Decision): { readonly at: string } & Record<string, string> {
  return { generation, version, checksum, contract: digest, at: new Date(at).toISOString(), by }
}
