import { byWeight, worstOf } from './change.ts'
import { clean } from '../text.ts'
import type { ChangeEffect, ContractChange, ContractDiff, ContractKind } from './change.ts'
import type { ContractLimits } from './limits.ts'

/** A change as it is written down; the operations are known by where it was found. */
export type Entry = Omit<ContractChange, 'operations'>

/** Where something was found: an operation, or a comparison that several of them share. */
interface Scope {
  readonly label: string | undefined
  readonly within: Set<Scope>
}

const MOST_OPERATIONS = 20
/** Comparisons that one trial may cost. */
const TRIAL = 2_000

/** Collects the changes of one comparison. Each pair is looked at once, and still counts for every operation that uses it. */
export class Ledger {
  readonly #limits: ContractLimits
  readonly #spent: { comparisons: number }
  readonly #known = new Map<string, Scope>()
  readonly #counts: Record<ChangeEffect, number> = { breaking: 0, unknown: 0, safe: 0 }
  readonly #kept = new Map<string, { readonly entry: Entry; readonly scopes: Set<Scope> }>()
  #scope: Scope = { label: undefined, within: new Set() }
  readonly #open = new Set<string>()
  readonly #dirty = new Set<Scope>()
  #depth = 0
  #isTrial = false

  constructor(limits: ContractLimits, spent = { comparisons: 0 }) {
    this.#limits = limits
    this.#spent = spent
  }

  /** Whether two things fit: what `work` would find, without writing it down. What is being tried already is taken to fit, so circles end. */
  try(work: (trial: Ledger) => void): ChangeEffect {
    const limits = this.#isTrial
      ? this.#limits
      : { ...this.#limits, comparisons: Math.min(TRIAL, this.#limits.comparisons - this.#spent.comparisons) }
    const spent = this.#isTrial ? this.#spent : { comparisons: 0 }
    const trial = new Ledger(limits, spent)
    trial.#isTrial = true
    trial.#depth = this.#depth
    for (const key of this.#open) trial.#open.add(key)
    work(trial)
    if (!this.#isTrial) this.#spent.comparisons += spent.comparisons
    return trial.effect
  }

  get effect(): ChangeEffect {
    return worstOf((['breaking', 'unknown', 'safe'] as const).filter((effect) => this.#counts[effect] > 0))
  }

  add(entry: Entry): void {
    if (entry.effect !== 'safe') this.#dirty.add(this.#scope)
    const key = `${entry.effect} ${entry.direction ?? ''} ${entry.type} ${entry.path} ${entry.description}`
    // The same place by two ways, `allOf` for instance, is one change.
    const known = this.#kept.get(key)
    if (known !== undefined) {
      known.scopes.add(this.#scope)
      return
    }
    this.#counts[entry.effect]++
    // Safe ones give way: what breaks must not be crowded out of a list.
    if (this.#kept.size >= this.#limits.changes && !this.#makeRoom(entry.effect)) return
    const { path, description } = entry
    this.#kept.set(key, {
      entry: { ...entry, path: clean(path, 1000), description: clean(description, 1000) },
      scopes: new Set([this.#scope]),
    })
  }

  /** Whatever `work` finds belongs to this operation. */
  operation(label: string, work: () => void): void {
    this.#in({ label: clean(label, 300), within: new Set() }, work)
  }

  /** Runs `work` unless the pair was looked at before, or limits are reached: then it says so, at `path`. */
  once(key: string, path: string, work: () => void): void {
    if (this.#isTrial && this.#open.has(key)) return
    const known = this.#known.get(key)
    if (known !== undefined) {
      if (known !== this.#scope) known.within.add(this.#scope)
      return
    }
    if (this.#spent.comparisons >= this.#limits.comparisons || this.#depth >= this.#limits.depth) {
      this.add({
        type: 'not_judged',
        effect: 'unknown',
        severity: 'medium',
        path: this.#depth >= this.#limits.depth ? path : '',
        description: 'the documents are too large or too deep to be compared whole; what lies further was not looked at',
      })
      return
    }
    this.#spent.comparisons++
    const scope: Scope = { label: undefined, within: new Set([this.#scope]) }
    this.#known.set(key, scope)
    this.#open.add(key)
    this.#in(scope, work)
    this.#open.delete(key)
  }

  diff(kind: ContractKind): ContractDiff {
    const counts = { ...this.#counts }
    const changes = [...this.#kept.values()].map(({ entry, scopes }) => ({ ...entry, operations: operationsOf(scopes) })).sort(byWeight)
    return {
      kind,
      effect: this.effect,
      counts,
      changes,
      omitted: counts.breaking + counts.unknown + counts.safe - changes.length,
      affected: this.#affected(),
    }
  }

  #affected(): readonly string[] | 'all' {
    const labels = new Set<string>()
    const seen = new Set(this.#dirty)
    for (const scope of seen) {
      if (scope.label !== undefined) labels.add(scope.label)
      else if (scope.within.size === 0) return 'all'
      for (const outer of scope.within) seen.add(outer)
    }
    return [...labels].sort()
  }

  #in(scope: Scope, work: () => void): void {
    const before = this.#scope
    this.#scope = scope
    this.#depth++
    try {
      work()
    } finally {
      this.#depth--
      this.#scope = before
    }
  }

  #makeRoom(effect: ChangeEffect): boolean {
    const lighter = effect === 'breaking' ? ['safe', 'unknown'] : effect === 'unknown' ? ['safe'] : []
    for (const other of lighter) {
      const found = [...this.#kept].find(([, { entry }]) => entry.effect === other)
      if (found !== undefined) return this.#kept.delete(found[0])
    }
    return false
  }
}

function operationsOf(scopes: ReadonlySet<Scope>): string[] {
  const labels = new Set<string>()
  const seen = new Set(scopes)
  for (const next of seen) {
    if (next.label !== undefined) labels.add(next.label)
    if (labels.size >= MOST_OPERATIONS) break
    for (const outer of next.within) seen.add(outer)
  }
  return [...labels].sort()
}
