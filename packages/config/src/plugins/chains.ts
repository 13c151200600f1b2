import { camelKeys } from './keys.ts'
import { judge } from './validate.ts'
import { dangling, providersFor, standsAlone } from './providers.ts'
import { POLICIES, type Policy } from './policies.ts'
import { hasAuth, readSites, type PlacedPolicy, type Site, type Sites } from './sites.ts'
import type { Draft } from '../check/draft.ts'
import type { Made, Workshop } from './made.ts'
import type { Path } from '../tree/node.ts'
import type { Plugin, StandardSchemaV1 } from '@octopus-gateway/core'
import type { Problem } from '../report/issues.ts'

/** What became of the lists of a configuration, in the order of their phases. */
export interface Chains {
  /** For every route. */
  readonly own: readonly Plugin[]
  /** For single routes, by their index. */
  readonly routes: ReadonlyMap<number, readonly Plugin[]>
  /** Where plugins and auth providers were written, by the names that they give themselves. */
  readonly places: ReadonlyMap<string, Path>
  readonly sites: Sites
  readonly problems: readonly Problem[]
}

/** Loads, judges and makes all policies and plugins. */
export async function makeChains(draft: Draft, workshop: Workshop, refused: readonly Path[]): Promise<Chains> {
  const problems: Problem[] = []
  const sites = await readSites(draft, { workshop, refused, problems })
  const maker = new Maker(workshop, sites, problems)
  const own = await maker.chain(sites.whole)
  const routes = new Map<number, readonly Plugin[]>()
  for (const site of sites.all.slice(1)) {
    const chain = await maker.chain(site)
    if (chain.length > 0) routes.set(site.route!, chain)
  }
  maker.checkUse()
  return { own, routes, places: maker.places, sites, problems }
}

class Maker {
  readonly places = new Map<string, Path>()
  readonly #workshop: Workshop
  readonly #sites: Sites
  readonly #problems: Problem[]
  readonly #asked = new Set<Made>()
  /** An `auth` whose providers are not known: who is asked cannot be said. */
  #isUnclear = false

  constructor(workshop: Workshop, sites: Sites, problems: Problem[]) {
    this.#workshop = workshop
    this.#sites = sites
    this.#problems = problems
  }

  async chain(site: Site): Promise<Plugin[]> {
    const chain: Plugin[] = []
    const seen = new Map<string, Path>(
      site.route === null ? [] : this.#sites.whole.policies.map(({ at, policy }) => [JSON.stringify(policy), at]),
    )
    let isKnown = site.route !== null && hasAuth(this.#sites.whole)
    for (const placed of site.policies) {
      isKnown ||= placed.policy.name === 'auth'
      if (!isKnown) this.#checkKey(placed)
      const before = seen.get(JSON.stringify(placed.policy))
      if (before !== undefined) {
        const message = `the same is already in ${before[0] === 'middleware' && site.route !== null ? 'the middleware of every route' : 'this list'}; remove one of them`
        this.#problems.push({ code: 'duplicate_name', path: placed.at, message })
        continue
      }
      seen.set(JSON.stringify(placed.policy), placed.at)
      const plugin = await this.#policy(placed, site)
      if (plugin !== undefined) chain.push(this.#placed(plugin, placed.at))
    }
    for (const made of site.plugins) {
      if (made.provider !== undefined) this.places.set(made.provider.asked.name, made.at)
      if (standsAlone(made, site)) chain.push(this.#placed(made.plugin, made.at))
    }
    return chain
  }

  /** A provider that no `auth` asks would be written for nothing. */
  checkUse(): void {
    if (this.#isUnclear || this.#sites.all.some((site) => site.isBroken)) return
    for (const site of this.#sites.all) {
      for (const made of site.plugins) {
        if (this.#asked.has(made) || standsAlone(made, site)) continue
        const message = `no auth asks it: each names other providers; name ${made.name} in one of them, or set enabled to false`
        this.#problems.push({ code: 'unused_plugin', path: made.at, message })
      }
    }
  }

  /** Without an identity a limit falls back to addresses, which is not what was asked for. */
  #checkKey({ at, policy }: PlacedPolicy): void {
    if (policy.name !== 'rate_limit' || !policy.key.includes('identity')) return
    const message = 'counts by who a caller is, and nobody has asked by then; put auth before rate_limit'
    this.#problems.push({ code: 'conflicting_keys', path: [...at, 'key'], message })
  }

  #placed(plugin: Plugin, at: Path): Plugin {
    if (!this.places.has(plugin.name)) this.places.set(plugin.name, at)
    return plugin
  }

  async #policy({ at, policy }: PlacedPolicy, site: Site): Promise<Plugin | undefined> {
    const { name, ...options } = policy
    const providers = policy.name === 'auth' ? this.#providers(policy, at, site) : []
    if (providers === undefined) {
      this.#isUnclear = true
      return undefined
    }
    const kind = POLICIES[name] as { readonly schema: StandardSchemaV1; make(options: object, providers: readonly unknown[]): Plugin }
    const authProviders = providers.map((made) => made.provider!.asked)
    const whole = policy.name === 'auth' ? { ...options, providers: authProviders } : options
    const { problems } = await judge(kind.schema, { at, options: whole, root: this.#workshop.root })
    this.#problems.push(...problems)
    return problems.length > 0 ? undefined : kind.make(camelKeys(options).value, authProviders)
  }

  /** Whom an `auth` asks; `undefined` when that is not clear, which is reported. */
  #providers(policy: Extract<Policy, { readonly name: 'auth' }>, at: Path, site: Site): readonly Made[] | undefined {
    const pool = providersFor(this.#sites.whole, site)
    // What could not be made might have been one: its own issue is enough.
    const isBroken = this.#sites.whole.isBroken || site.isBroken
    if (pool.length === 0) {
      const message =
        'there is no plugin that can tell who a caller is; add one to plugins, such as "- name: jwt-auth" with its config, or remove auth'
      if (!isBroken) this.#problems.push({ code: 'missing_auth_provider', path: at, message })
      return undefined
    }
    if (policy.providers === undefined) return this.#ask(pool)
    const found = policy.providers.map((name) => pool.find((made) => made.name === name))
    for (const [index, made] of found.entries()) {
      if (made !== undefined || isBroken) continue
      const path = [...at, 'providers', index]
      this.#problems.push({ code: 'unknown_auth_provider', path, message: dangling(policy.providers[index]!, pool) })
    }
    return found.includes(undefined) ? undefined : this.#ask(found as Made[])
  }

  #ask(providers: readonly Made[]): readonly Made[] | undefined {
    for (const made of providers) this.#asked.add(made)
    for (const [index, made] of providers.entries()) {
      const first = providers.findIndex((other) => other.provider!.asked.name === made.provider!.asked.name)
      if (first === index) continue
      const message = `calls itself ${made.provider!.asked.name}, as ${providers[first]!.name} does, so that nobody could tell them apart; remove one of them`
      this.#problems.push({ code: 'duplicate_name', path: made.at, message })
      return undefined
    }
    return providers
  }
}
