import { byName, takePart } from '../select.ts'
import { byStrength } from '../winners.ts'
import { labelOf, MERGE_OPTIONS, Report } from '../merged.ts'
import { table } from '../../json.ts'
import { isDescriptorSet, Library } from './library.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Merged, MergeOptions } from '../merged.ts'

/**
 * All services' descriptors as one FileDescriptorSet in protobuf's JSON mapping. Packages and names stay: they are what clients call. A name that two
 * services define differently belongs to the one whose routes win; the other is noted. Everything in the set is found in the set; a service whose
 * files do not fit together is left out. The same input gives the same document.
 */
export async function mergeGrpc(services: readonly FederatedService[], options: MergeOptions = MERGE_OPTIONS): Promise<Merged> {
  const { linkProblem, wellKnownFile } = await import('./link.ts')
  const assemble = (members: readonly FederatedService[], report: Report): JsonObject[] => {
    const library = new Library(wellKnownFile, report)
    for (const service of members) library.add(service)
    return library.written()
  }
  const trial = new Report()
  const candidates = takePart(services, trial, { options, unusable }).sort(byStrength)
  const accepted: FederatedService[] = []
  const refused = new Map<string, string>()
  // Where somebody's files do not fit, who it is is found by halves: one by one, a single service would cost a linking of all for each.
  const accept = (members: readonly FederatedService[]): void => {
    const problem = linkProblem(assemble([...accepted, ...members], new Report()))
    if (problem === undefined) return void accepted.push(...members)
    const [only] = members
    if (members.length === 1) return void refused.set(labelOf(only!), `its descriptors do not fit together: ${problem}`)
    const half = Math.ceil(members.length / 2)
    accept(members.slice(0, half))
    accept(members.slice(half))
  }
  if (candidates.length > 0) accept(candidates)
  const report = new Report()
  const unreadable = [...(options.unreadable ?? []), ...[...refused].map(([service, reason]) => ({ service, reason }))]
  takePart(
    services.filter((service) => !refused.has(labelOf(service))),
    report,
    { options: { ...options, unreadable }, unusable },
  )
  const file = assemble(accepted, report)
  for (const service of [...accepted].sort(byName)) report.include(service)
  return report.merged(table([['file', file]]))
}

function unusable(document: JsonObject): string | undefined {
  return isDescriptorSet(document) ? undefined : 'it is no descriptor set'
}

/** A merged descriptor set as bytes: what `protoc --descriptor_set_out` writes. */
export async function grpcBinary(document: JsonObject): Promise<Uint8Array<ArrayBuffer>> {
  const { toDescriptorBytes } = await import('./link.ts')
  return toDescriptorBytes(document)
}
