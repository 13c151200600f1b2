import { finding } from '../findings.ts'
import { asked } from '../manifest/hints.ts'
import { corsOf, rateLimitOf } from '../manifest/policies.ts'
import { hintsOf } from './traits.ts'
import { routeMetadataOf } from '../manifest/route-metadata.ts'
import { routeTableOf } from '../manifest/route-table.ts'
import type { Candidate } from './eligible.ts'
import type { Finding } from '@octopus-gateway/core'
import type { HintKind } from '../manifest/hints.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { SchemaOperation } from '../adapters/adapter.ts'
import type { Settings } from '../options.ts'

/** What a manifest asks for that this gateway does not do, said once per service: nothing is ignored in silence. */
export function manifestFindings({ record, manifest }: Candidate, settings: Settings): Finding[] {
  const { serviceName } = manifest
  const findings: Finding[] = []
  const listed = routeTableOf(manifest, settings.limits)
  if (listed !== undefined) findings.push(...listed.findings, ...carriedFindings(manifest, listed.operations, settings.trustHints))
  const { notApplied } = hintsOf(manifest, settings.trustHints)
  if (notApplied.length > 0) findings.push(finding('HINT_NOT_APPLIED', `hints that are carried and not applied: ${notApplied.join(', ')}`))
  if (serviceName.toLowerCase() !== record.service.toLowerCase()) {
    findings.push(
      finding(
        'SERVICE_NAME_DIFFERS',
        `the registry calls the service "${record.service}", its manifest "${serviceName}"; routes are mounted by the manifest's name`,
      ),
    )
  }
  return findings
}

/** What was odd about the documents themselves. */
export function schemaFindings({ schemas }: Candidate): readonly Finding[] {
  return schemas.flatMap(({ adapted }) => adapted.findings)
}

/** Policies that a `route_table` names and the gateway does not make: they stand in `meta.farp`. */
function carriedFindings(manifest: Manifest, operations: readonly SchemaOperation[], trusted: ReadonlySet<HintKind>): Finding[] {
  const names = new Set<string>()
  for (const operation of operations) {
    const { carried } = routeMetadataOf(manifest, operation)
    for (const name of ['cache', 'middleware']) if (Object.hasOwn(carried, name)) names.add(name)
    const notApplied: string[] = []
    asked('rate_limit', rateLimitOf(carried['rateLimit'], 'route'), { trusted, notApplied })
    asked('cors', corsOf(carried['cors']), { trusted, notApplied })
    for (const note of notApplied.slice(0, 5)) if (names.size < 20) names.add(note)
  }
  const policies = [...names]
  if (policies.length === 0) return []
  return [finding('HINT_NOT_APPLIED', `route_table names policies that are carried in meta.farp and not applied: ${policies.join(', ')}`)]
}
