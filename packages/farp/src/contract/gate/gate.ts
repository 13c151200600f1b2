import { compareText, compareVersions } from '../../semver.ts'
import { contractOf, isWhole } from './contract.ts'
import { declaredBy, objectionTo } from './declared.ts'
import { judge } from './judge.ts'
import { Line } from './line.ts'
import { messageOf } from '../../text.ts'
import { Shelf } from './shelf.ts'
import type { ChangeEffect } from '../change.ts'
import type { Contract } from './contract.ts'
import type { Generation } from '../../source/routes.ts'
import type { KeyValueStore, Logger } from '@octopus-gateway/core'
import type { Offered } from './line.ts'
import type { Settings } from '../../options.ts'

/** What the gate needs from around it. */
export interface GateHost {
  readonly store: KeyValueStore
  readonly log: Logger
  /** Something was decided: this service's routes may be others now. */
  changed(service: string): void
  /** Counts a verdict. */
  counted(service: string, verdict: ChangeEffect): void
}

/** Mounts that are remembered for each service that there may be. */
const LINES_PER_SERVICE = 4

/** An approval or a rejection that is not possible. */
export class DecisionError extends Error {
  readonly code: 'NO_SUCH_SERVICE' | 'NO_SUCH_GENERATION' | 'AMBIGUOUS' | 'APPROVED_ALREADY'

  constructor(code: DecisionError['code'], message: string) {
    super(message)
    this.name = 'DecisionError'
    this.code = code
  }
}

/** Knows the approved contract of every mount of every service, and judges what deviates from it. */
export class ContractGate {
  readonly #settings: Settings
  readonly #host: GateHost
  readonly #lines = new Map<string, Line>()
  readonly #shelf: Shelf
  readonly #revisions = new Map<string, number>()
  /** One at a time: judging is work for the processor. */
  #judging: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(settings: Settings, host: GateHost) {
    this.#settings = settings
    this.#host = host
    this.#shelf = new Shelf(host.store, host.log, {
      restored: (record, digest) => {
        const line = this.#lineOf(record.service, record.line)
        if (line.digest === digest) return
        line.digest = digest
        line.restore(record)
        this.#changed(line.service)
      },
      loaded: () => {
        for (const line of this.#lines.values()) if (line.digest === undefined) void this.#keep(line)
        host.changed('')
      },
    })
  }

  /** Whether earlier decisions are known, or cannot be had. */
  get isLoaded(): boolean {
    return this.#shelf.isLoaded
  }

  get lines(): readonly Line[] {
    return [...this.#lines.values()].sort((a, b) => compareText(a.name, b.name))
  }

  /** Changes with every decision about a service. */
  revisionOf(service: string): number {
    return this.#revisions.get(service) ?? 0
  }

  stop(): void {
    this.#isStopped = true
    this.#shelf.stop()
  }

  /**
   * Looks at what the generations of one mount offer; what is new is judged, and `changed` is called when that is done. The contracts are by
   * generation; one whose schemas cannot all be had has none.
   */
  look(
    service: string,
    name: string,
    generations: readonly Generation[],
  ): { readonly line: Line; readonly contracts: ReadonlyMap<string, Contract> } {
    const line = this.#lineOf(service, name)
    const contracts = this.#take(line, generations.filter(isWhole))
    if (line.record === undefined && line.offered.size > 0) {
      // Nobody has decided anything yet: what is there is what clients know.
      for (const { contract } of line.offered.values()) line.approve(contract, 'first')
      if (this.#shelf.hasRead) void this.#keep(line)
    }
    if (line.record !== undefined) for (const offered of line.offered.values()) this.#consider(line, offered)
    return { line, contracts }
  }

  /** Only these mounts of a service are there now. What was decided about the others stays. */
  keepOnly(service: string, names: ReadonlySet<string>): void {
    for (const line of this.#lines.values()) if (line.service === service && !names.has(line.name)) line.clear()
  }

  /** Approves what a generation offers. Throws `DecisionError`. */
  async approve(service: string, generation: string): Promise<Contract> {
    const { line, contract } = this.#find(service, generation)
    line.approve(contract, 'operator')
    this.#host.log.info('contract approved', { service, line: line.name, generation: contract.generation, version: contract.version })
    this.#changed(service)
    await this.#keep(line)
    return contract
  }

  /** Rejects what a generation offers: it stays out, whatever the policy. Throws `DecisionError`. */
  async reject(service: string, generation: string): Promise<Contract> {
    const { line, contract } = this.#find(service, generation)
    if (!line.reject(contract)) {
      throw new DecisionError('APPROVED_ALREADY', 'it is the approved contract: approve another one, and it stops being that')
    }
    this.#host.log.info('contract rejected', { service, line: line.name, generation: contract.generation, version: contract.version })
    this.#changed(service)
    await this.#keep(line)
    return contract
  }

  #lineOf(service: string, name: string): Line {
    const known = this.#lines.get(name)
    if (known !== undefined) return known
    const line = new Line(service, name)
    this.#lines.set(name, line)
    if (this.#lines.size > this.#settings.limits.services * LINES_PER_SERVICE) this.#makeRoom(line)
    return line
  }

  /** Versions and services come and go for as long as the process lives: the oldest that is not there, and about which nobody decided, is forgotten. */
  #makeRoom(newest: Line): void {
    for (const line of this.#lines.values()) {
      if (line === newest || line.offered.size > 0 || line.isDecided) continue
      this.#lines.delete(line.name)
      if (![...this.#lines.values()].some(({ service }) => service === line.service)) this.#revisions.delete(line.service)
      return
    }
  }

  #take(line: Line, generations: readonly Generation[]): ReadonlyMap<string, Contract> {
    const before = new Map(line.offered)
    const known = line.contracts
    line.contracts = new Map()
    line.offered.clear()
    const contracts = new Map<string, Contract>()
    const oldestFirst = [...generations].sort((a, b) => compareVersions(a.sample.manifest.serviceVersion, b.sample.manifest.serviceVersion))
    for (const generation of oldestFirst) {
      const { id, sample, placement } = generation
      const key = `${id} ${placement.mount.host ?? ''} ${placement.mount.prefix}`
      const contract = known.get(key) ?? contractOf(generation, this.#settings)
      line.contracts.set(key, contract)
      contracts.set(id, contract)
      this.#offer(line, { contract, declared: declaredBy(sample) }, before.get(contract.digest))
    }
    return contracts
  }

  #offer(line: Line, { contract, declared }: Pick<Offered, 'contract' | 'declared'>, known: Offered | undefined): void {
    const { digest, generation, version, checksum } = contract
    const sharing = line.offered.get(digest)
    const offered = sharing ??
      known ?? { contract, declared, generations: [], judgement: undefined, against: undefined, objection: undefined }
    if (sharing === undefined) offered.generations = []
    const isRevised = JSON.stringify(offered.declared) !== JSON.stringify(declared)
    offered.contract = contract
    offered.declared = declared
    offered.generations = [...offered.generations, { generation, version, checksum }]
    line.offered.set(digest, offered)
    // The same contract, and the service says something else about it.
    if (isRevised && offered.judgement !== undefined) this.#decide(line, offered)
  }

  #consider(line: Line, offered: Offered): void {
    const { baseline } = line.record!
    const { contract } = offered
    if (line.isApproved(contract.digest) || offered.against === baseline.digest) return
    offered.against = baseline.digest
    offered.judgement = undefined
    this.#judging = this.#judging.then(async () => {
      if (this.#isStopped) return
      try {
        offered.judgement = await judge(baseline, contract)
        this.#judged(line, offered)
      } catch (thrown) {
        // A defect of ours. It stays without a judgement, and `gated` keeps it out.
        offered.objection = 'it could not be judged'
        this.#host.log.error('a contract could not be judged', { service: line.service, error: messageOf(thrown) })
      }
      this.#changed(line.service)
    })
  }

  #judged(line: Line, offered: Offered): void {
    if (offered.judgement !== undefined && !line.isApproved(offered.contract.digest))
      this.#host.counted(line.service, offered.judgement.effect)
    this.#decide(line, offered)
  }

  #decide(line: Line, offered: Offered): void {
    const { contract, declared, judgement, against } = offered
    const { record, service } = line
    if (judgement === undefined || record === undefined || record.baseline.digest !== against || line.isApproved(contract.digest)) return
    const { log } = this.#host
    const { updatePolicy } = this.#settings
    const { effect, counts } = judgement
    offered.objection = objectionTo(effect, declared, record.baseline.version)
    const fields = { service, line: line.name, generation: contract.generation, version: contract.version, ...counts }
    if (updatePolicy === 'gated' && offered.objection !== undefined) {
      log.warn(`contract held: ${offered.objection}`, fields)
      return
    }
    if (effect === 'safe' || updatePolicy === 'auto') log.info('contract changed', { ...fields, effect })
    else log.warn('contract changed', { ...fields, effect })
    if (line.isRejected(contract.digest)) return
    line.approve(contract, 'policy')
    void this.#keep(line)
  }

  #find(service: string, name: string): { readonly line: Line; readonly contract: Contract } {
    const lines = this.lines.filter((line) => line.service === service || line.name === service)
    if (lines.length === 0) throw new DecisionError('NO_SUCH_SERVICE', `no service "${service}" is known here`)
    const found = lines.flatMap((line) =>
      [...line.offered.values()].filter((offered) => isNamed(offered, name)).map(({ contract }) => ({ line, contract })),
    )
    if (name === '' || found.length === 0)
      throw new DecisionError('NO_SUCH_GENERATION', `no instance of "${service}" offers the generation "${name}" now`)
    if (found.length > 1) throw new DecisionError('AMBIGUOUS', `"${name}" means several contracts; name the generation`)
    return found[0]!
  }

  /** With `auto` nothing is ever held, and only what operators decided is worth keeping. */
  async #keep(line: Line): Promise<void> {
    const { record } = line
    if (record === undefined) return
    if (this.#settings.updatePolicy === 'auto' && !line.isDecided) return
    line.digest = await this.#shelf.put(record)
  }

  #changed(service: string): void {
    this.#revisions.set(service, this.revisionOf(service) + 1)
    this.#host.changed(service)
  }
}

function isNamed({ contract, generations }: Offered, name: string): boolean {
  return contract.digest === name || generations.some(({ generation, checksum }) => generation === name || checksum === name)
}
