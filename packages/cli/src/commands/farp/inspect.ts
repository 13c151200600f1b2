import { argumentOf, findingTable, FORMAT, printable, shownFindings, STRICT, wantsJson } from './findings.ts'
import { EXIT } from '../../exit.ts'
import { formatTable, say } from '../../print.ts'
import { HELP } from '../../configuration.ts'
import type { Command } from '../command.ts'

/** `octopus farp inspect` */
export const inspect: Command = {
  name: 'farp inspect',
  summary: 'Show what a gateway makes of a running service.',
  details:
    'Fetches the manifest and its schemas as a gateway would that discovered the service, and prints the service, its schemas with the verdict on\n' +
    'their hashes, the routes, and the findings. Ends with 1 when nothing can be routed or a finding is an error.',
  argument: 'URL',
  options: { strict: STRICT, format: FORMAT, help: HELP },
  async run(args, io) {
    const json = wantsJson(args)
    const url = argumentOf(args, 'URL')
    const { inspectService } = await import('@octopus-gateway/farp')
    const report = reportOf(url, await inspectService(url, { strict: args.options.strict !== undefined }))
    say(io, json ? JSON.stringify(report, null, 2) : printable(textOf(report)))
    const isFine = report.routes.length > 0 && report.findings.every(({ severity }) => severity !== 'error')
    return isFine ? EXIT.ok : EXIT.failure
  },
}

type Inspection = Awaited<ReturnType<Awaited<typeof import('@octopus-gateway/farp')>['inspectService']>>

function reportOf(url: string, { manifest, manifestUrl, schemas, set }: Inspection) {
  return {
    url,
    service: manifest?.serviceName ?? null,
    version: manifest?.serviceVersion ?? null,
    manifest: manifestUrl ?? null,
    checksum: manifest?.checksum || null,
    capabilities: manifest?.capabilities ?? [],
    instances: (set?.instances ?? []).map(({ origin, status, weight }) => ({
      id: manifest?.instanceId ?? null,
      origin,
      status,
      weight,
      role: manifest?.instance?.role || null,
    })),
    schemas: schemas.map(({ type, specVersion, url: place, declared, hash, verdict, operations }) => ({
      type,
      specVersion,
      url: place ?? null,
      declared: declared ?? null,
      hash: hash ?? null,
      verdict,
      operations,
    })),
    routes: (set?.routes ?? []).map(({ host, methods, path, upstream }) => ({
      host: host ?? null,
      methods: methods ?? null,
      path,
      upstream: typeof upstream === 'string' ? upstream : null,
    })),
    findings: shownFindings(set?.findings ?? []),
  }
}

type Report = ReturnType<typeof reportOf>

function textOf(report: Report): string {
  if (report.service === null) return [`${report.url} has no manifest that a gateway accepts.`, findingsOf(report)].join('\n\n').trimEnd()
  const { service, version, manifest, checksum, capabilities } = report
  return [
    `${service} ${version}`.trimEnd(),
    `manifest      ${manifest ?? 'none; made from metadata'}`,
    `checksum      ${checksum ?? 'none'}`,
    `capabilities  ${capabilities.join(', ') || 'none'}`,
    '',
    formatTable(
      ['INSTANCE', 'ORIGIN', 'STATUS', 'WEIGHT', 'ROLE'],
      report.instances.map(({ id, origin, status, weight, role }) => [id ?? '-', origin, status, String(weight), role ?? '-']),
    ),
    '',
    report.schemas.length === 0 ? 'There are no schemas.' : schemaTable(report),
    '',
    report.routes.length === 0 ? 'There are no routes.' : routeTable(report),
    '',
    findingsOf(report),
  ].join('\n')
}

function schemaTable({ schemas }: Report): string {
  return formatTable(
    ['SCHEMA', 'VERSION', 'HASH', 'OPERATIONS', 'READ FROM'],
    schemas.map(({ type, specVersion, verdict, operations, url }) => [
      type,
      specVersion || '-',
      verdict,
      String(operations),
      url ?? (verdict === 'unavailable' ? '-' : 'the manifest'),
    ]),
  )
}

function routeTable({ routes }: Report): string {
  return formatTable(
    ['HOST', 'METHOD', 'PATH', 'UPSTREAM'],
    routes.map(({ host, methods, path, upstream }) => [host ?? '*', methods?.join(',') ?? '*', path, upstream ?? '-']),
  )
}

function findingsOf({ findings }: Report): string {
  return findings.length === 0 ? 'There are no findings.' : findingTable(findings)
}
