import { own, ownObject, table } from '../../json.ts'
import { namesIn } from '../security.ts'
import type { Components } from '../components.ts'
import type { FederatedService } from '../input.ts'
import type { MergeOptions, Report } from '../merged.ts'
import type { Named } from '../naming.ts'

interface Remains {
  readonly components: Components
  readonly options: MergeOptions
  readonly report: Report
  /** Schemes that something in the document needs. */
  readonly needed: ReadonlySet<string>
}

/**
 * Takes out the security schemes that the strategy does not want. One that an operation still requires stays, with a warning: without it the
 * document would say less than the truth about who may call.
 */
export function leaveUnneeded(
  members: readonly { readonly service: FederatedService; readonly named: Named }[],
  { components, options, report, needed }: Remains,
): void {
  const { strategy = 'union', schemes = table(), global, required = [] } = options.security ?? {}
  if (strategy !== 'intersection' && strategy !== 'global') return
  const kept = new Set([...Object.keys(schemes), ...namesIn(global)])
  if (strategy === 'global') for (const name of required) kept.add(name)
  else for (const name of namesOfAll(members)) kept.add(name)
  const section = components.section('securitySchemes')
  for (const name of Object.keys(section)) {
    if (kept.has(name)) continue
    if (needed.has(name)) report.warn(`security scheme ${name} stays, because operations require it`)
    else delete section[name]
  }
}

/** Names that every service has and that mean the same in all of them. */
function namesOfAll(members: readonly { readonly service: FederatedService; readonly named: Named }[]): string[] {
  const sets = members.map(({ service, named }) => {
    const written = ownObject(ownObject(service.document, 'components') ?? table(), 'securitySchemes') ?? table()
    const given = named.renamed.get('securitySchemes')!
    return new Set(Object.keys(written).flatMap((name) => (own(written, name) === undefined ? [] : (given.get(name) ?? []))))
  })
  const [first, ...others] = sets
  return [...(first ?? [])].filter((name) => others.every((set) => set.has(name)))
}
