import { readHints } from '../manifest/hints.ts'
import { routeMetadataOf } from '../manifest/route-metadata.ts'
import { table } from '../json.ts'
import type { HintKind, ServiceHints } from '../manifest/hints.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { RouteDefinition } from '@octopus-gateway/core'
import type { SchemaOperation } from '../adapters/adapter.ts'

/** What a service says of a route beside its place. */
export interface RouteTraits {
  /** What the gateway does about it. */
  readonly settings: Pick<RouteDefinition, 'timeoutHint' | 'idempotent'>
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
    settings: { ...(timeout === undefined ? {} : { timeoutHint: timeout }), ...(idempotent === undefined ? {} : { idempotent }) },
    meta: [
      ...(Object.keys(said).length > 0 ? [['farp', said] as const] : []),
      ...(Object.keys(hints.written).length > 0 ? [['hints', hints.written] as const] : []),
    ],
  }
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
