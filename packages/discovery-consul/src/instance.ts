import * as v from 'valibot'
import { instanceWith, spellingOf } from '@octopus-gateway/discovery-support'
import type { ServiceInstance } from '@octopus-gateway/core'

const locality = v.nullish(v.object({ Zone: v.nullish(v.string()) }))

/** What `/v1/health/service/<name>` lists, as far as it matters here. */
export const entries = v.array(
  v.object({
    Node: v.object({ Node: v.string(), Address: v.string(), Locality: locality }),
    Service: v.object({
      ID: v.string(),
      Service: v.string(),
      Tags: v.nullish(v.array(v.string())),
      Address: v.string(),
      Port: v.number(),
      Meta: v.nullish(v.record(v.string(), v.string())),
      Weights: v.nullish(v.object({ Passing: v.number(), Warning: v.number() })),
      Kind: v.optional(v.string()),
      Locality: locality,
    }),
    Checks: v.nullish(v.array(v.object({ CheckID: v.string(), Status: v.string() }))),
  }),
)

type Entry = v.InferOutput<typeof entries>[number]

/** The instances of a service. Proxies of a mesh speak only to each other, and what has no port is not spoken to. */
export function instancesOf(found: readonly Entry[], passingOnly: boolean): ServiceInstance[] {
  return found
    .filter(({ Service }) => (Service.Kind ?? '') === '' && Service.Port > 0)
    .map((entry) => instanceOf(entry, passingOnly))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

function instanceOf({ Node, Service, Checks }: Entry, passingOnly: boolean): ServiceInstance {
  const meta = Service.Meta ?? {}
  const said = spelled(meta)
  const priority = said.get('octopus.priority')
  const checks = Checks ?? []
  const isWarning = checks.some(({ Status }) => Status === 'warning')
  return instanceWith({
    // The id of a service is unique on its node only.
    id: `${Node.Node}/${Service.ID}`,
    service: Service.Service,
    host: Service.Address === '' ? Node.Address : Service.Address,
    port: Service.Port,
    secure: said.get('scheme')?.toLowerCase() === 'https' || /^(?:true|1|yes)$/i.test(said.get('secure') ?? ''),
    ready: isReady(checks, passingOnly),
    weight: (isWarning ? Service.Weights?.Warning : Service.Weights?.Passing) ?? 1,
    zone: said.get('zone') ?? Service.Locality?.Zone ?? Node.Locality?.Zone ?? undefined,
    version: said.get('version'),
    metadata: {
      ...(Service.Tags?.length ? { tags: Service.Tags.join(',') } : {}),
      ...meta,
      // Consul has no dots in its keys.
      ...(priority === undefined ? {} : { 'octopus.priority': priority }),
    },
  })
}

/** Metadata whatever its spelling. Of two spellings of one name the first in the order of the alphabet counts. */
function spelled(meta: Readonly<Record<string, string>>): Map<string, string> {
  const values = new Map<string, string>()
  for (const name of Object.keys(meta).sort()) {
    const normal = spellingOf(name)
    if (!values.has(normal)) values.set(normal, meta[name]!.trim())
  }
  return values
}

/** Maintenance is somebody's will and always counts. */
function isReady(checks: readonly { readonly CheckID: string; readonly Status: string }[], passingOnly: boolean): boolean {
  const failing = checks.filter(({ Status }) => Status !== 'passing')
  return passingOnly
    ? failing.length === 0
    : !failing.some(({ CheckID }) => CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance:'))
}
