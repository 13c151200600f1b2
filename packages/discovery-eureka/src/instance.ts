import * as v from 'valibot'
import { instanceWith, wordsOf } from '@octopus-gateway/discovery-support'
import type { ServiceInstance } from '@octopus-gateway/core'

/** One thing where a list of one is meant: a form that XML leaves behind. */
const listed = <S extends v.GenericSchema>(item: S): v.GenericSchema<unknown, v.InferOutput<S>[]> =>
  v.pipe(
    v.unknown(),
    v.transform((value) => (value === undefined || value === null ? [] : Array.isArray(value) ? (value as unknown[]) : [value])),
    v.array(item),
  )

const port = v.nullish(
  v.object({ $: v.pipe(v.union([v.number(), v.string()]), v.transform(Number)), '@enabled': v.union([v.boolean(), v.string()]) }),
)

const instance = v.object({
  instanceId: v.nullish(v.string()),
  hostName: v.string(),
  ipAddr: v.nullish(v.string()),
  app: v.string(),
  status: v.string(),
  port,
  securePort: port,
  dataCenterInfo: v.nullish(v.object({ metadata: v.nullish(v.record(v.string(), v.unknown())) })),
  metadata: v.nullish(v.record(v.string(), v.unknown())),
  actionType: v.nullish(v.string()),
})

/** What `/apps` and `/apps/delta` answer, as far as it matters here. */
export const answer = v.object({
  applications: v.object({
    apps__hashcode: v.nullish(v.string()),
    application: listed(v.object({ instance: listed(instance) })),
  }),
})

/** An instance as Eureka tells it. */
export type Told = v.InferOutput<typeof instance>

/** Unique among all instances. */
export const keyOf = ({ app, instanceId, hostName }: Told): string => `${app.toLowerCase()}\0${instanceId ?? hostName}`

/** The instance as it is used, or `undefined` when it has no port. */
export function instanceOf(told: Told, zone: string | undefined): ServiceInstance | undefined {
  const isSecure = isEnabled(told.securePort)
  const at = isSecure ? told.securePort : isEnabled(told.port) ? told.port : undefined
  if (at === undefined || at === null) return undefined
  // `@class` says which class of the server holds the map.
  const metadata = Object.fromEntries([...wordsOf(told.metadata)].filter(([name]) => name !== '@class'))
  const own = metadata['zone'] ?? wordsOf(told.dataCenterInfo?.metadata).get('availability-zone') ?? ''
  const isElsewhere = zone !== undefined && own !== '' && own !== zone
  return instanceWith({
    id: told.instanceId ?? told.hostName,
    // Eureka writes the names of applications in capitals.
    service: told.app.toLowerCase(),
    host: told.hostName,
    port: at.$,
    secure: isSecure,
    ready: told.status === 'UP',
    weight: metadata['weight'],
    zone: own,
    version: metadata['version'],
    metadata: isElsewhere && metadata['octopus.priority'] === undefined ? { ...metadata, 'octopus.priority': '1' } : metadata,
  })
}

function isEnabled(port: Told['port']): boolean {
  return String(port?.['@enabled']) === 'true'
}
