import { AuthBooks } from '../auth/index.ts'
import { compareText } from '../semver.ts'
import { neighboursOf } from './neighbours.ts'
import { ServiceComposer } from './compose.ts'
import type { Composition } from './compose.ts'
import type { ContractGate } from '../contract/gate/gate.ts'
import type { FederatedService } from '../merge/input.ts'
import type { InstanceView } from './view.ts'
import type { Neighbours, Views } from './neighbours.ts'
import type { RouteSet } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'

interface Entry {
  readonly composer: ServiceComposer
  views: readonly InstanceView[]
  composition: Composition | undefined
  signature: string
  /** What the gate had decided. */
  decided: number
}

/** Makes the sets of all services, each anew only when something it depends on changed. */
export class Composers {
  readonly #settings: Settings
  readonly #books: AuthBooks
  readonly #gate: ContractGate | undefined
  readonly #entries = new Map<string, Entry>()
  #neighbours = ''

  /** Without a gate every contract is served. */
  constructor(settings: Settings, gate?: ContractGate) {
    this.#settings = settings
    this.#books = new AuthBooks(settings.limits.services * 4)
    this.#gate = gate
  }

  /** The sets, by name. */
  compose(views: Views, authProviders: ReadonlySet<string>): readonly RouteSet[] {
    for (const name of views.keys()) {
      if (!this.#entries.has(name))
        this.#entries.set(name, {
          composer: new ServiceComposer(name, this.#settings, { books: this.#books, gate: this.#gate }),
          views: [],
          composition: undefined,
          signature: 'new',
          decided: 0,
        })
    }
    // Twice: mounts that appear in the first pass push routes of root mounts aside in the second.
    for (let pass = 0; pass < 2; pass++) {
      const neighbours = neighboursOf(
        views,
        new Map([...this.#entries].map(([name, { composition }]) => [name, composition?.prefixes ?? []])),
        authProviders,
      )
      const isShifted = neighbours.signature !== this.#neighbours
      this.#neighbours = neighbours.signature
      if (pass === 1 && !isShifted) break
      for (const [name, entry] of this.#entries) this.#composeOne(entry, { views: views.get(name) ?? [], name, neighbours, isShifted })
    }
    for (const [name, { composition }] of this.#entries) if (composition === undefined && !views.has(name)) this.#entries.delete(name)
    return this.#sorted().flatMap(({ composition }) => (composition === undefined ? [] : [composition.set]))
  }

  /** Equal when nothing that a gateway sees changed. */
  get signature(): string {
    return this.#sorted()
      .map(({ signature }) => signature)
      .join('\n')
  }

  /** When the first lingering routes are to go: Unix milliseconds. */
  get lingersUntil(): number | undefined {
    const times = this.#sorted().flatMap(({ composition }) => composition?.lingersUntil ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** The documents that are routed now. */
  get documents(): readonly FederatedService[] {
    return this.#sorted().flatMap(({ composition }) => composition?.documents ?? [])
  }

  #composeOne(entry: Entry, now: { views: readonly InstanceView[]; name: string; neighbours: Neighbours; isShifted: boolean }): void {
    const isSame = entry.views.length === now.views.length && entry.views.every((view, index) => view === now.views[index])
    const decided = this.#gate?.revisionOf(now.name) ?? 0
    const isDecided = decided === entry.decided
    entry.decided = decided
    if (isSame && isDecided && !now.isShifted && entry.composition?.lingersUntil === undefined && entry.signature !== 'new') return
    entry.views = now.views
    entry.composition = entry.composer.compose(now.views, now.neighbours.of(now.name))
    const set = entry.composition?.set
    entry.signature = set === undefined ? '' : JSON.stringify([set.service, set.version, set.upstreams, set.findings, set.instances])
  }

  #sorted(): Entry[] {
    return [...this.#entries].sort(([a], [b]) => compareText(a, b)).map(([, entry]) => entry)
  }
}
