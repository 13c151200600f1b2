import { asked, readHints } from '../manifest/hints.ts'
import { corsOf, rateLimitOf } from '../manifest/policies.ts'
import { routeMetadataOf } from '../manifest/route-metadata.ts'
import { ownObject, table } from '../json.ts'
import type { HintKind, ServiceHints } from '../manifest/hints.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { RouteDefinition } from '@octopus-gateway/core'
import type { RouteMetadata } from '../manifest/route-metadata.ts'
import type { RoutePolicies } from '@octopus-gateway/core/plugins'
import type { SchemaOperation } from '../adapters/adapter.ts'

/** What a service says of a route beside its place. */
export interface RouteTraits {
  /** What the gateway does about it. */
  readonly settings: Pick<RouteDefinition, 'timeoutHint' | 'idempotent' | 'policies'>
  /** What it carries for plugins: `farp` of the operation, `hints` of the service. */
  readonly meta: readonly (readonly [string, unknown])[]
}

/** A route's traits. What `route_table` limits holds; what is only a hint counts for the trusted kinds. */
export function traitsOf(manifest: Manifest, operation: SchemaOperation, trusted: ReadonlySet<HintKind>): RouteTraits {
  const metadata = routeMetadataOf(manifest, operation)
  const hints = hintsOf(manifest, trusted)
  const guess = trusted.has('timeout') ? (metadata.timeoutHint ?? hints.timeout) : undefined
  // A stream's time is its own: the hint is about answers.
  const timeout = operation.protocol === 'rest' || operation.protocol === 'graphql' ? (metadata.timeout ?? guess) : metadata.timeout
  const idempotent = trusted.has('retry') && operation.protocol !== 'grpc' ? metadata.idempotent : undefined
  const said = table<unknown>([
    ...Object.entries(metadata.carried),
    ...(metadata.timeoutHint === undefined ? [] : [['timeoutHint', metadata.timeoutHint] as const]),
    ...(metadata.idempotent === undefined ? [] : [['idempotent', metadata.idempotent] as const]),
  ])
  return {
    settings: {
      ...(timeout === undefined ? {} : { timeoutHint: timeout }),
      ...(idempotent === undefined ? {} : { idempotent }),
      ...policiesOf(manifest, { operation, metadata, hints, trusted }),
    },
    meta: [
      ...(Object.keys(said).length > 0 ? [['farp', said] as const] : []),
      ...(Object.keys(hints.written).length > 0 ? [['hints', hints.written] as const] : []),
    ],
  }
}

interface Told {
  readonly operation: SchemaOperation
  readonly metadata: RouteMetadata
  readonly hints: ServiceHints
  readonly trusted: ReadonlySet<HintKind>
}

/** What the route asks for goes before what its service does. The limits of a GraphQL service only ever refuse: they need nobody's trust. */
function policiesOf(manifest: Manifest, { operation, metadata, hints, trusted }: Told): Pick<RouteDefinition, 'policies'> {
  const { rateLimit, cors, rateLimitHint } = metadata.carried
  const note = { trusted, notApplied: [] }
  const policies = {
    ...hints.policies,
    ...asked('rate_limit', rateLimitOf(rateLimit ?? rateLimitHint, 'route'), note),
    ...asked('cors', corsOf(cors), note),
    ...graphqlLimitsOf(operation),
  }
  return Object.keys(policies).length === 0 ? {} : { policies: shared(manifest, policies) }
}

function graphqlLimitsOf({ protocol, extensions }: SchemaOperation): RoutePolicies {
  const settings = protocol === 'graphql' ? ownObject(extensions, 'x-graphql') : undefined
  const [depth, fields] = ['depthLimit', 'complexityLimit'].map((name) => settings?.[name] as number | undefined)
  if (depth === undefined && fields === undefined) return {}
  return {
    graphqlLimits: {
      ...(depth === undefined ? {} : { depth }),
      ...(fields === undefined ? {} : { fields }),
      ...(settings?.['subscriptions'] === true ? { websocket: true } : {}),
    },
  }
}

const known = new WeakMap<Manifest, Map<string, RoutePolicies>>()

/** One object for equal policies of a manifest: the gateway sets them up once for each object. */
function shared(manifest: Manifest, policies: RoutePolicies): RoutePolicies {
  const all = known.get(manifest) ?? new Map<string, RoutePolicies>()
  known.set(manifest, all)
  const key = JSON.stringify(policies)
  const one = all.get(key) ?? policies
  all.set(key, one)
  return one
}

const read = new WeakMap<Manifest, Map<ReadonlySet<HintKind>, ServiceHints>>()

/** A manifest's hints, read once. */
export function hintsOf(manifest: Manifest, trusted: ReadonlySet<HintKind>): ServiceHints {
  const known = read.get(manifest) ?? new Map<ReadonlySet<HintKind>, ServiceHints>()
  read.set(manifest, known)
  let hints = known.get(trusted)
  if (hints === undefined) known.set(trusted, (hints = readHints(manifest, trusted)))
  return hints
}
