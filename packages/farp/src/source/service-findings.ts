import { finding } from '../findings.ts'
import type { Candidate } from './eligible.ts'
import type { Finding } from '@octopus-gateway/core'

/** What a manifest asks for that this gateway does not do, said once per service: nothing is ignored in silence. */
export function manifestFindings({ record, manifest }: Candidate): Finding[] {
  const { schemas, routing, auth, serviceName, routeTable } = manifest
  const findings: Finding[] = []
  if (schemas.some(({ location }) => location.type === 'registry')) {
    findings.push(finding('NOT_SUPPORTED_YET', "schemas are not read from a registry's store yet; the instance is asked instead"))
  }
  if (routeTable > 0) findings.push(finding('NOT_SUPPORTED_YET', 'route_table is not used yet; routes come from the schemas'))
  if (routing.rewrites > 0)
    findings.push(finding('REWRITE_NOT_APPLIED', `routing.rewrite has ${routing.rewrites} rules; they are not applied yet`))
  const rules = auth.accessControl.length + auth.publicRoutes.length + auth.requiredScopes.length
  if (auth.schemes.length > 0 || rules > 0) {
    findings.push(
      finding(
        'AUTH_NOT_ENFORCED',
        `the manifest declares ${auth.schemes.length} authentication schemes and ${rules} access rules; the gateway does not enforce them, so the service must, or a plugin on these routes`,
      ),
    )
  }
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
