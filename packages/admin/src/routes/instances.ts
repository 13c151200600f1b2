import { redactMetadata, redactText } from '../redact.ts'
import { sortedBy } from '../order.ts'
import type { InstanceReport, ServiceInstance } from '@octopus-gateway/core'

/** What a source reports about instances joined with what the registry says, by id; neither hides the other's. */
export function instancesOf(reports: readonly InstanceReport[], discovered: readonly ServiceInstance[]): Record<string, unknown>[] {
  const reported = new Map(reports.map((report) => [report.id, report]))
  const known = new Map(discovered.map((instance) => [instance.id, instance]))
  const ids = new Set([...reported.keys(), ...known.keys()])
  return sortedBy(ids, (id) => [id]).map((id) => instanceView(id, reported.get(id), known.get(id)))
}

function instanceView(id: string, report: InstanceReport | undefined, instance: ServiceInstance | undefined): Record<string, unknown> {
  return {
    id,
    origin: redactText(report?.origin ?? (instance === undefined ? '' : originOf(instance))),
    status: report?.status ?? null,
    ready: instance?.ready ?? null,
    version: report?.version ?? instance?.version ?? null,
    zone: report?.zone ?? instance?.zone ?? null,
    weight: report?.weight ?? instance?.weight ?? null,
    provider: instance?.provider ?? null,
    manifest: {
      state: report?.manifest ?? 'none',
      url: report?.manifestUrl === undefined ? null : redactText(report.manifestUrl),
      checksum: report?.checksum ?? null,
    },
    metadata: redactMetadata(instance?.metadata ?? {}),
  }
}

function originOf({ host, port, secure }: ServiceInstance): string {
  return `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
