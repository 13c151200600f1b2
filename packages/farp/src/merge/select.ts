import { compareText, compareVersions } from '../semver.ts'
import { componentName } from './names.ts'
import { labelOf } from './merged.ts'
import type { FederatedService } from './input.ts'
import type { MergeOptions, Report } from './merged.ts'
import type { ConflictStrategy } from '../manifest/manifest.ts'

/** The order in which services are merged, so that the same input gives the same document. */
export function byName(a: FederatedService, b: FederatedService): number {
  return compareText(a.name, b.name) || compareVersions(a.version, b.version) || compareText(a.id, b.id)
}

/** The services whose documents take part, in order. Notes the others. */
export function takePart(
  services: readonly FederatedService[],
  report: Report,
  {
    options,
    unusable,
  }: { readonly options: MergeOptions; readonly unusable: (document: FederatedService['document']) => string | undefined },
): FederatedService[] {
  for (const { service, reason } of options.unreadable ?? []) refuse(report, service, reason)
  return [...services].sort(byName).filter((service) => {
    const label = labelOf(service)
    if (service.composition?.include === false) {
      report.exclude(label, 'its composition keeps it out of merged documents')
      return false
    }
    const reason = unusable(service.document)
    if (reason !== undefined) refuse(report, label, reason)
    return reason === undefined
  })
}

function refuse(report: Report, service: string, reason: string): void {
  report.exclude(service, reason)
  report.warn(`the document of ${service} is left out: ${reason}`)
}

/** Whether a service shows one tag for all its operations. */
export function isCollapsed({ name, collapsesTags }: FederatedService, { collapseServiceTags }: MergeOptions): boolean {
  if (collapsesTags) return true
  return typeof collapseServiceTags === 'function' ? collapseServiceTags(name) : collapseServiceTags
}

/** The name by which a service's things are told from those of others. */
export function prefixOf({ name, version, hasSiblings }: FederatedService): string {
  return hasSiblings ? `${name}_${version}` : name
}

/** What is put before the names of a service's components. */
export function componentPrefix(service: FederatedService): string {
  return componentName(service.composition?.componentPrefix ?? prefixOf(service))
}

/** What a service wants done where it meets others. */
export function strategyOf({ composition }: FederatedService, { conflictStrategy }: MergeOptions): ConflictStrategy {
  return composition?.conflictStrategy ?? conflictStrategy ?? 'prefix'
}

/** Keeps a document's own `x-*` members, if its service wants that. */
export function keepExtensions(
  service: FederatedService,
  { extensions, report }: { readonly extensions: Record<string, unknown>; readonly report: Report },
): void {
  if (service.composition?.preserveExtensions !== true) return
  for (const [name, value] of Object.entries(service.document)) {
    if (!name.startsWith('x-')) continue
    if (Object.hasOwn(extensions, name)) report.warn(`${name} of ${labelOf(service)} is left out: an earlier service has it`)
    else extensions[name] = value
  }
}
