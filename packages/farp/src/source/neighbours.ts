import { compareText } from '../semver.ts'
import type { InstanceView } from './view.ts'
import type { Neighbourhood } from './placement.ts'

/** All services' views, by service, in the order of their names. */
export type Views = ReadonlyMap<string, readonly InstanceView[]>

/** What one service says that concerns others. */
export interface Claims {
  /** The names that its manifests give it; `null` when none of its instances has a manifest. */
  readonly names: readonly string[] | null
  /** Its mount prefixes. */
  readonly prefixes: readonly string[]
}

/** The names that a service's manifests claim. */
export function namesOf(views: readonly InstanceView[]): readonly string[] | null {
  const names = new Set(views.flatMap(({ manifest }) => manifest?.serviceName ?? []))
  return names.size === 0 ? null : [...names]
}

/** Who owns which first path segment, and which prefixes are taken: a registry's name counts before a name that only a manifest claims. */
export class Neighbours {
  readonly #owners = new Map<string, string>()
  readonly #prefixes: readonly { readonly service: string; readonly prefix: string }[]
  /** The auth providers that the gateway asks. */
  readonly authProviders: ReadonlySet<string>

  constructor(services: ReadonlyMap<string, Claims>, authProviders: ReadonlySet<string>) {
    this.authProviders = new Set(authProviders)
    const speaking = [...services].filter(([, { names }]) => names !== null).sort(([a], [b]) => compareText(a, b))
    for (const [service] of speaking) this.#claim(service, service)
    for (const [service, { names }] of speaking) for (const name of names!) this.#claim(name, service)
    this.#prefixes = [...services]
      .flatMap(([service, { prefixes }]) => prefixes.map((prefix) => ({ service, prefix })))
      .sort((a, b) => compareText(a.prefix, b.prefix))
  }

  #claim(name: string, service: string): void {
    const segment = name.toLowerCase()
    if (!this.#owners.has(segment)) this.#owners.set(segment, service)
  }

  /** The service that a first path segment belongs to. */
  ownerOf(segment: string): string | undefined {
    return this.#owners.get(segment)
  }

  /** Mount prefixes of all services but one. */
  prefixesBeside(service: string): readonly string[] {
    return this.#prefixes.filter((item) => item.service !== service).map(({ prefix }) => prefix)
  }
}

/** The neighbourhood of one service, which remembers what was asked of it: whoever was told the same does not have to ask again. */
export class Acquaintance implements Neighbourhood {
  readonly #service: string
  readonly #neighbours: Neighbours
  readonly #told = new Map<string, string | undefined>()
  #prefixes: readonly string[] | undefined

  constructor(service: string, neighbours: Neighbours) {
    this.#service = service
    this.#neighbours = neighbours
  }

  ownerOf(segment: string): string | undefined {
    const owner = this.#neighbours.ownerOf(segment)
    this.#told.set(segment, owner)
    return owner
  }

  get prefixes(): readonly string[] {
    this.#prefixes ??= this.#neighbours.prefixesBeside(this.#service)
    return this.#prefixes
  }

  get authProviders(): ReadonlySet<string> {
    return this.#neighbours.authProviders
  }

  /** Whether others would tell the same. */
  stillHolds(now: Neighbours): boolean {
    if (now === this.#neighbours) return true
    if (!isSameSet(now.authProviders, this.authProviders)) return false
    for (const [segment, owner] of this.#told) if (now.ownerOf(segment) !== owner) return false
    return this.#prefixes === undefined || isSameList(this.#prefixes, now.prefixesBeside(this.#service))
  }
}

/** Whether two lists hold the same, in the same order. */
export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]))
}

/** Whether two sets hold the same. */
export function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item))
}
