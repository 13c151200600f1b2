import { Acquaintance, isSameList, isSameSet, namesOf, Neighbours } from './neighbours.ts'
import { AuthBooks } from '../auth/index.ts'
import { compareText } from '../semver.ts'
import { ServiceComposer } from './compose.ts'
import type { Claims, Views } from './neighbours.ts'
import type { ContractGate } from '../contract/gate/gate.ts'
import type { Composition } from './compose.ts'
import type { FederatedService } from '../merge/input.ts'
import type { InstanceView } from './view.ts'
import type { Logger, RouteSet } from '@octopus-gateway/core'
import type { Settings } from '../options.ts'

interface Entry {
  readonly name: string
  readonly composer: ServiceComposer
  views: readonly InstanceView[]
  claims: Claims
  acquaintance: Acquaintance | undefined
  composition: Composition | undefined
  signature: string
  /** What the gate had decided. */
  decided: number
}

/** Makes the sets of all services, each anew only when something it depends on changed. */
export class Composers {
  readonly #settings: Settings
  readonly #log: Logger
  readonly #books: AuthBooks
  readonly #gate: ContractGate | undefined
  readonly #entries = new Map<string, Entry>()
  /** By name; `undefined` when a service came or went. */
  #sorted: readonly Entry[] | undefined
  #neighbours = new Neighbours(new Map(), new Set())
  #revision = 0

  /** Without a gate every contract is served. */
  constructor(settings: Settings, { log, gate }: { readonly log: Logger; readonly gate?: ContractGate }) {
    this.#settings = settings
    this.#log = log
    this.#gate = gate
    this.#books = new AuthBooks(settings.limits.services * 4)
  }

  /** The sets, by name. */
  compose(views: Views, authProviders: ReadonlySet<string>): readonly RouteSet[] {
    if (!isSameSet(authProviders, this.#neighbours.authProviders)) this.#areClaimsNew = true
    for (const name of views.keys()) if (!this.#entries.has(name)) this.#add(name)
    const changed = new Set<Entry>()
    for (const entry of this.#entries.values()) {
      const now = views.get(entry.name) ?? []
      const decided = this.#gate?.revisionOf(entry.name) ?? 0
      const isDecided = decided === entry.decided
      entry.decided = decided
      if (isSameList(entry.views, now) && isDecided && entry.acquaintance !== undefined && !isDue(entry)) continue
      entry.views = now
      changed.add(entry)
      this.#claim(entry, { ...entry.claims, names: namesOf(now) })
    }
    // Twice: mounts that appear in the first pass push routes of root mounts aside in the second.
    for (let pass = 0; pass < 2; pass++) {
      if (this.#areClaimsNew)
        this.#neighbours = new Neighbours(new Map([...this.#entries].map(([name, { claims }]) => [name, claims])), authProviders)
      const isShifted = this.#areClaimsNew
      this.#areClaimsNew = false
      if (pass === 1 && !isShifted) break
      for (const entry of this.#entries.values()) {
        const isTouched = pass === 0 && changed.has(entry)
        if (isTouched || (isShifted && entry.acquaintance?.stillHolds(this.#neighbours) !== true)) this.#composeOne(entry)
      }
    }
    for (const [name, { composition }] of this.#entries) if (composition === undefined && !views.has(name)) this.#remove(name)
    return this.#list.flatMap(({ composition }) => (composition === undefined ? [] : [composition.set]))
  }

  /** Equal when nothing that a gateway sees changed. */
  get revision(): number {
    return this.#revision
  }

  /** When a service is to be looked at again though nothing changed: Unix milliseconds. */
  get wakesAt(): number | undefined {
    const times = this.#list.flatMap(({ composition }) => composition?.wakesAt ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** The documents that are routed now. */
  get documents(): readonly FederatedService[] {
    return this.#list.flatMap(({ composition }) => composition?.documents ?? [])
  }

  #areClaimsNew = false

  #add(name: string): void {
    const composer = new ServiceComposer(name, this.#settings, { books: this.#books, gate: this.#gate, log: this.#log })
    const claims = { names: null, prefixes: [] }
    this.#entries.set(name, {
      name,
      composer,
      views: [],
      claims,
      acquaintance: undefined,
      composition: undefined,
      signature: '',
      decided: 0,
    })
    this.#sorted = undefined
  }

  #remove(name: string): void {
    this.#entries.delete(name)
    this.#sorted = undefined
  }

  #claim(entry: Entry, claims: Claims): void {
    const { names, prefixes } = entry.claims
    const isSame =
      isSameList(names ?? [], claims.names ?? []) && (names === null) === (claims.names === null) && isSameList(prefixes, claims.prefixes)
    if (isSame) return
    entry.claims = claims
    this.#areClaimsNew = true
  }

  #composeOne(entry: Entry): void {
    entry.acquaintance = new Acquaintance(entry.name, this.#neighbours)
    const composition = entry.composer.compose(entry.views, entry.acquaintance)
    this.#claim(entry, { ...entry.claims, prefixes: composition?.prefixes ?? [] })
    const signature = signatureOf(composition)
    const before = entry.composition
    if (signature !== entry.signature) this.#revision += 1
    // An equal set stays the object that it is: by that the gateway knows that there is nothing to check or to compile.
    const isKept = signature === entry.signature && before !== undefined && composition !== undefined
    entry.composition = isKept ? { ...composition, set: before.set } : composition
    entry.signature = signature
  }

  get #list(): readonly Entry[] {
    return (this.#sorted ??= [...this.#entries.values()].sort((a, b) => compareText(a.name, b.name)))
  }
}

function isDue({ composition }: Entry): boolean {
  return composition?.wakesAt !== undefined && Date.now() >= composition.wakesAt
}

/** All that a gateway sees of a service, except what its version stands for. */
function signatureOf(composition: Composition | undefined): string {
  if (composition === undefined) return ''
  const { version, upstreams, findings, health, instances } = composition.set
  return JSON.stringify([version, upstreams, findings, health, instances])
}
