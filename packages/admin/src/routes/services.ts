import { instancesOf } from './instances.ts'
import { json } from '../answers.ts'
import { redactText } from '../redact.ts'
import { sortedBy } from '../order.ts'
import { conflictFindings } from '@octopus-gateway/core'
import type { Finding, Gateway, ProviderStatus, RouteSet, ServiceInstance, ServiceSet } from '@octopus-gateway/core'

/** A service as one source tells it, or as discovery alone knows it. */
interface Entry {
  readonly name: string
  readonly source: string | null
  readonly set: RouteSet | undefined
}

/** Every service that a source or a provider knows, with its instances and what went wrong, and the state of the providers. */
export function services(gateway: Gateway): Response {
  const discovered = byService(gateway.services)
  const entries = entriesOf(gateway, discovered)
  const conflicts = conflictFindings(gateway.snapshot)
  return json({
    generation: gateway.snapshot.generation,
    providers: sortedBy(gateway.providers, (provider) => [provider.name]).map((provider) => providerView(provider, Date.now())),
    services: sortedBy(entries, ({ name, source }) => [name, source ?? '']).map((entry) =>
      serviceView(entry, discovered.get(entry.name) ?? [], conflicts.get(entry.source ?? '')?.get(entry.name) ?? []),
    ),
  })
}

function byService(instances: ServiceSet): Map<string, ServiceInstance[]> {
  const groups = new Map<string, ServiceInstance[]>()
  for (const instance of instances) {
    const group = groups.get(instance.service)
    if (group === undefined) groups.set(instance.service, [instance])
    else group.push(instance)
  }
  return groups
}

function entriesOf(gateway: Gateway, discovered: ReadonlyMap<string, unknown>): Entry[] {
  const entries: Entry[] = []
  for (const [source, sets] of gateway.snapshot.sets) {
    for (const set of sets) entries.push({ name: set.service, source, set })
  }
  const told = new Set(entries.map(({ name }) => name))
  for (const name of discovered.keys()) if (!told.has(name)) entries.push({ name, source: null, set: undefined })
  return entries
}

function providerView(provider: ProviderStatus, now: number): Record<string, unknown> {
  const { syncedAt } = provider
  return {
    name: provider.name,
    state: provider.state,
    instances: provider.instances,
    synced_at: syncedAt === null ? null : new Date(syncedAt).toISOString(),
    age_seconds: syncedAt === null ? null : Math.max(0, Math.floor((now - syncedAt) / 1000)),
    error: provider.error === null ? null : redactText(provider.error),
  }
}

function serviceView(
  { name, source, set }: Entry,
  discovered: readonly ServiceInstance[],
  conflicts: readonly Finding[],
): Record<string, unknown> {
  return {
    name,
    source,
    version: set?.serviceVersion ?? null,
    health: set?.health ?? null,
    routes: set?.routes.length ?? 0,
    instances: instancesOf(set?.instances ?? [], discovered),
    findings: sortedBy([...(set?.findings ?? []), ...conflicts], ({ code, instance, message }) => [code, instance ?? '', message]).map(
      findingView,
    ),
    documents: sortedBy(set?.documents ?? [], ({ kind, hash }) => [kind, hash]).map(({ kind, hash }) => ({ kind, hash })),
  }
}

function findingView({ code, severity, message, instance, pointer }: Finding): Record<string, unknown> {
  return { code, severity, message: redactText(message), instance: instance ?? null, pointer: pointer ?? null }
}
