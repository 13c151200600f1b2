import { isObject, ownObject, sameJson, table } from '../json.ts'
import { componentName } from './names.ts'
import { labelOf } from './merged.ts'
import { rankOf } from './security.ts'
import type { Components } from './components.ts'
import type { MergeConflict, SecurityMerge } from './merged.ts'
import type { ConflictStrategy } from '../manifest/manifest.ts'
import type { FederatedService } from './input.ts'
import type { JsonObject } from '../json.ts'

/** The names of one service's components in the merged document. */
export interface Named {
  /** By section and own name. */
  readonly renamed: ReadonlyMap<string, Map<string, string>>
  /** `section name` of those that another service supplies. */
  readonly borrowed: ReadonlySet<string>
}

/** How a component comes to its name. */
interface Decision {
  readonly section: string
  readonly name: string
  readonly wanted: string
  /** `claim`: a name of its own. `borrow`: another service's component stands for it. `replace`: it stands for another service's. */
  readonly how: 'claim' | 'borrow' | 'replace'
  readonly conflict: MergeConflict | undefined
}

/** Names components, service after service. */
export class Naming {
  readonly #components: Components
  readonly #security: SecurityMerge
  /** Security schemes as their services wrote them, by the name they have in the merged document. */
  readonly #schemes = table<JsonObject>()

  constructor(components: Components, security: SecurityMerge) {
    this.#components = components
    this.#security = security
    for (const [name, scheme] of Object.entries(security.schemes ?? {})) {
      const given = components.claim('securitySchemes', componentName(name), GATEWAY)
      this.#schemes[given] = scheme
      components.set('securitySchemes', given, scheme)
    }
  }

  /** What the names of a service's components would be. Changes nothing. */
  decide(service: FederatedService, { strategy, prefix }: { readonly strategy: ConflictStrategy; readonly prefix: string }): Decision[] {
    const written = ownObject(service.document, 'components') ?? table()
    return this.#components.sections.flatMap((section) =>
      Object.entries(ownObject(written, section) ?? {}).flatMap(([name, value]): Decision[] => {
        if (!isObject(value) && !(section === 'schemas' && typeof value === 'boolean')) return []
        if (section === 'securitySchemes') return this.#decideScheme(name, value, { service, prefix, strategy })
        return [this.#decideComponent({ section, name, wanted: `${prefix}_${componentName(name)}` }, service, strategy)]
      }),
    )
  }

  /** Gives a service's components their names. */
  name(service: FederatedService, decisions: readonly Decision[]): Named {
    const label = labelOf(service)
    const renamed = new Map(this.#components.sections.map((section) => [section, new Map<string, string>()]))
    const borrowed = new Set<string>()
    const written = ownObject(service.document, 'components') ?? table()
    for (const { section, name, wanted, how } of decisions) {
      const given = how === 'claim' ? this.#components.claim(section, wanted, label) : wanted
      renamed.get(section)!.set(name, given)
      if (how === 'borrow') borrowed.add(`${section} ${name}`)
      else if (section === 'securitySchemes') this.#schemes[given] = ownObject(ownObject(written, section)!, name)!
    }
    return { renamed, borrowed }
  }

  #decideComponent(
    place: { readonly section: string; readonly name: string; readonly wanted: string },
    service: FederatedService,
    strategy: ConflictStrategy,
  ): Decision {
    const { section, wanted } = place
    const label = labelOf(service)
    const owner = this.#components.ownerOf(section, wanted)
    if (owner === undefined || owner === label) return { ...place, how: 'claim', conflict: undefined }
    const conflict = { type: 'component' as const, item: `${section}/${wanted}`, services: [owner, label] as const, strategy }
    if (strategy === 'skip') return { ...place, how: 'borrow', conflict: { ...conflict, resolution: `Kept ${owner} version` } }
    if (strategy === 'overwrite' || strategy === 'merge')
      return { ...place, how: 'replace', conflict: { ...conflict, resolution: `Overwritten with ${label} version` } }
    return { ...place, how: 'claim', conflict: { ...conflict, resolution: 'A number was added to the later name' } }
  }

  /** Security schemes keep their names: clients know them. Only a different scheme of the same name is a conflict. */
  #decideScheme(
    name: string,
    scheme: unknown,
    { service, prefix, strategy }: { readonly service: FederatedService; readonly prefix: string; readonly strategy: ConflictStrategy },
  ): Decision[] {
    const { exclude = [], strategy: how = 'union', prefixSchemeNames = false } = this.#security
    if (!isObject(scheme) || exclude.includes(name)) return []
    const plain = componentName(name)
    const section = 'securitySchemes'
    const place = { section, name, wanted: plain, conflict: undefined }
    const prefixed = { ...place, wanted: `${prefix}_${plain}`, how: 'claim' as const }
    if (how === 'per_service' || prefixSchemeNames) return [prefixed]
    const owner = this.#components.ownerOf(section, plain)
    const label = labelOf(service)
    if (owner === undefined || owner === label) return [{ ...place, how: 'claim' }]
    const known = this.#schemes[plain]
    // A reference means another thing in every document, however equal it looks.
    if (known !== undefined && !Object.hasOwn(scheme, '$ref') && sameJson(known, scheme)) return [{ ...place, how: 'borrow' }]
    const conflict = { type: 'securityScheme' as const, item: name, services: [owner, label] as const, strategy }
    // Never in place of the gateway's own scheme.
    const isFree = owner !== GATEWAY && known !== undefined
    if (how === 'most_strict' && isFree) {
      const isStricter = rankOf(scheme) > rankOf(known)
      const resolution = `Kept the strictest, of ${isStricter ? label : owner}`
      return [{ ...place, how: isStricter ? 'replace' : 'borrow', conflict: { ...conflict, resolution, strategy: how } }]
    }
    if (isFree && strategy === 'skip') return [{ ...place, how: 'borrow', conflict: { ...conflict, resolution: `Kept ${owner} version` } }]
    if (isFree && (strategy === 'overwrite' || strategy === 'merge'))
      return [{ ...place, how: 'replace', conflict: { ...conflict, resolution: `Overwritten with ${label} version` } }]
    return [{ ...prefixed, conflict: { ...conflict, resolution: `Prefixed to ${prefixed.wanted}` } }]
  }
}

/** The owner of what the operator configured. */
const GATEWAY = '(gateway)'
