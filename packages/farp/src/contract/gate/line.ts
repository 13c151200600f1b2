import type { Contract } from './contract.ts'
import type { ContractRecord, Decision } from './record.ts'
import type { Declared, Objection } from './declared.ts'
import type { Judgement } from './judge.ts'

/** Decisions kept of each sort: older ones are forgotten. */
const MOST_DECISIONS = 20

/** By what a generation is known to operators. */
export interface GenerationName {
  readonly generation: string
  readonly version: string
  /** Of the manifest. */
  readonly checksum: string
}

/** A contract that instances offer right now. */
export interface Offered {
  /** As the newest of its generations has it. */
  contract: Contract
  /** All generations that promise this, the oldest version first. */
  generations: readonly GenerationName[]
  /** What the newest one says. */
  declared: Declared
  /** What it is to clients of the baseline; `undefined` while nobody knows. */
  judgement: Judgement | undefined
  /** The contract it was judged against, or is being judged against. */
  against: string | undefined
  /** Why `gated` holds it. */
  objection: Objection
}

/** What is decided and known about one mount of a service. */
export class Line {
  readonly service: string
  readonly name: string
  /** What instances offer now, by digest, the oldest version first. */
  readonly offered = new Map<string, Offered>()
  /** By generation and mount: made once. */
  contracts = new Map<string, Contract>()
  #record: ContractRecord | undefined
  /** Of its text in the store. */
  digest: string | undefined

  constructor(service: string, name: string) {
    this.service = service
    this.name = name
  }

  get record(): ContractRecord | undefined {
    return this.#record
  }

  /** Takes over what was decided elsewhere, or before. What is known of the same documents is kept. */
  restore(record: ContractRecord): void {
    const { baseline } = record
    const known = this.offered.get(baseline.digest)?.contract
    this.#record = known === undefined ? record : { ...record, baseline: known }
  }

  /** Whether an operator decided anything about it. */
  get isDecided(): boolean {
    const { approved = [], rejected = [] } = this.#record ?? {}
    return [...approved, ...rejected].some(({ by }) => by === 'operator')
  }

  /** Nobody offers anything here any more. What was decided stays. */
  clear(): void {
    this.offered.clear()
    this.contracts.clear()
  }

  isApproved(digest: string): boolean {
    return this.#record?.approved.some((decision) => decision.digest === digest) === true
  }

  isRejected(digest: string): boolean {
    return this.#record?.rejected.some((decision) => decision.digest === digest) === true
  }

  /** Approves a contract: newcomers are compared with it from now on. What was approved before stays approved: a way back is always open. */
  approve(contract: Contract, by: string): void {
    const { service, name: line } = this
    const { approved = [], rejected = [] } = this.#record ?? {}
    this.#record = {
      service,
      line,
      approved: [...without(approved, contract), decisionOn(contract, by)].slice(-MOST_DECISIONS),
      rejected: without(rejected, contract),
      baseline: contract,
    }
  }

  /** Rejects a contract that is not approved. False when there is nothing to go back to. */
  reject(contract: Contract): boolean {
    const record = this.#record
    if (record === undefined || record.baseline.digest === contract.digest) return false
    this.#record = {
      ...record,
      approved: without(record.approved, contract),
      rejected: [...without(record.rejected, contract), decisionOn(contract, 'operator')].slice(-MOST_DECISIONS),
    }
    return true
  }
}

function without(decisions: readonly Decision[], { digest }: Contract): Decision[] {
  return decisions.filter((decision) => decision.digest !== digest)
}

function decisionOn({ digest, generation, version, checksum }: Contract, by: string): Decision {
  return { digest, generation, version, checksum, at: Date.now(), by }
}
