import { byWeight, worstOf } from './change.ts'
import { clean } from '../text.ts'
import { sha256 } from '../manifest/checksum.ts'
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
/** Scopes that are looked through for the operations of all changes: those of the worst come first. */
const MOST_SCOPES = 300_000
/** Comparisons that one trial may cost, with those inside it. */
const TRIAL = 2_000
/** Steps of looking for equality that count as one comparison. */
const STEPS = 100
/** Characters of a key that is kept as it is. */
const LONGEST_KEY = 400
/** Trials inside each other. */
const MOST_TRIALS = 8

/**
 * Collects the changes of one comparison. Each pair is looked at once, and still counts for every operation that uses it. Pairs wait until `next` is
 * called: chains of references may be thousands long, and others want their turn.
 */
export class Ledger {
  readonly #limits: ContractLimits
  readonly #spent: { comparisons: number }
  readonly #known = new Map<string, Scope>()
  readonly #counts: Record<ChangeEffect, number> = { breaking: 0, unknown: 0, safe: 0 }
  readonly #kept = new Map<string, { readonly entry: Entry; readonly scopes: Set<Scope> }>()
  /** How many of each are kept: a list that is full of what breaks need not be looked through for each that comes. */
  readonly #keptOf: Record<ChangeEffect, number> = { breaking: 0, unknown: 0, safe: 0 }
  #scope: Scope = { label: undefined, within: new Set() }
  readonly #dirty = new Set<Scope>()
  readonly #waiting: { readonly scope: Scope; readonly work: () => void }[] = []
  /** Of a trial: those that it is part of. */
  readonly #trials: readonly Ledger[]

  constructor(limits: ContractLimits, spent = { comparisons: 0 }, trials: readonly Ledger[] = []) {
    this.#limits = limits
    this.#spent = spent
    this.#trials = trials
  }

  /**
   * Whether two things fit: what `work` would find, without writing it down; it ends with the first thing that is not safe. What is being tried already
   * is taken to fit, so circles end: should it not, that trial says so.
   */
  try(work: (trial: Ledger) => void): ChangeEffect {
    if (this.#trials.length >= MOST_TRIALS) return 'unknown'
    const isInner = this.#trials.length > 0
    const limits = isInner
      ? this.#limits
      : { ...this.#limits, comparisons: Math.min(TRIAL, this.#limits.comparisons - this.#spent.comparisons) }
    const spent = isInner ? this.#spent : { comparisons: 0 }
    const trial = new Ledger(limits, spent, [...this.#trials, this])
    work(trial)
    while (trial.effect === 'safe' && trial.next()) continue
    if (!isInner) this.#spent.comparisons += spent.comparisons
    return trial.effect
  }

  /** Looks at one pair that waits. False when none does. */
  next(): boolean {
    const waiting = this.#waiting.pop()
    if (waiting === undefined) return false
    this.#in(waiting.scope, waiting.work)
    return true
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
    this.#keptOf[entry.effect]++
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

  /** Steps that something beside pairs has taken: they count as well. */
  spend(steps: number): void {
    this.#spent.comparisons += Math.floor(steps / STEPS)
  }

  /** Has `work` done later unless the pair was met before, or too many were. */
  once(pair: string, work: () => void): void {
    // Deep places are long, and there are hundreds of thousands of pairs.
    const key = pair.length > LONGEST_KEY ? sha256(pair) : pair
    // The first of them is no trial, and what it finds does not depend on this.
    if (this.#trials.some((outer, index) => index > 0 && outer.#known.has(key))) return
    const known = this.#known.get(key)
    if (known !== undefined) {
      if (known !== this.#scope) known.within.add(this.#scope)
      return
    }
    if (this.#spent.comparisons >= this.#limits.comparisons) {
      this.add({
        type: 'not_judged',
        effect: 'unknown',
        severity: 'medium',
        path: '',
        description: 'the documents are too large to be compared whole; what lies further was not looked at',
      })
      return
    }
    this.#spent.comparisons++
    const scope: Scope = { label: undefined, within: new Set([this.#scope]) }
    this.#known.set(key, scope)
    this.#waiting.push({ scope, work })
  }

  diff(kind: ContractKind): ContractDiff {
    const counts = { ...this.#counts }
    const budget = { scopes: MOST_SCOPES }
    const changes = [...this.#kept.values()]
      .sort((a, b) => byWeight(a.entry, b.entry))
      .map(({ entry, scopes }) => ({ ...entry, operations: operationsOf(scopes, budget) }))
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
    try {
      work()
    } finally {
      this.#scope = before
    }
  }

  #makeRoom(effect: ChangeEffect): boolean {
    const lighter: readonly ChangeEffect[] = effect === 'breaking' ? ['safe', 'unknown'] : effect === 'unknown' ? ['safe'] : []
    for (const other of lighter) {
      if (this.#keptOf[other] === 0) continue
      for (const [key, { entry }] of this.#kept) {
        if (entry.effect !== other) continue
        this.#keptOf[other]--
        return this.#kept.delete(key)
      }
    }
    return false
  }
}

function operationsOf(scopes: ReadonlySet<Scope>, budget: { scopes: number }): string[] {
  const labels = new Set<string>()
  const seen = new Set(scopes)
  for (const next of seen) {
    if (next.label !== undefined) labels.add(next.label)
    if (labels.size >= MOST_OPERATIONS || --budget.scopes < 0) break
    for (const outer of next.within) seen.add(outer)
  }
  return [...labels].sort()
}
