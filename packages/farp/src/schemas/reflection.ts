import { finding } from '../findings.ts'
import { addressOf, originOf } from '../address.ts'
import { FetchError } from '../net/fetcher.ts'
import { grpcAddress } from '../grpc-address.ts'
import { own, ownObject } from '../json.ts'
import { SchemaError } from './parse.ts'
import { placesOf } from './candidates.ts'
import type { Address } from '../address.ts'
import type { DocumentFetcher } from '../net/guarded.ts'
import type { Finding } from '@octopus-gateway/core'
import type { JsonObject } from '../json.ts'
import type { Limits } from '../limits.ts'
import type { SchemaDescriptor } from '../manifest/manifest.ts'
import type { Whereabouts } from './candidates.ts'

/** What reflection needs. */
export interface ReflectionRequest extends Whereabouts {
  readonly fetcher: DocumentFetcher
  readonly limits: Limits
  readonly signal: AbortSignal
}

/** Whether the descriptor says nothing of a document, so that the server itself is asked before any other place. */
export function isReflectedFirst({ type, location }: SchemaDescriptor): boolean {
  return type === 'grpc' && (location.type === 'reflection' || location.type === 'unknown')
}

/** Whether the server may be asked at all: it, its manifest or its record says that it can be. */
export function isReflected(descriptor: SchemaDescriptor, { endpoints, metadata }: Whereabouts): boolean {
  if (descriptor.type !== 'grpc') return false
  const declared = own(ownObject(descriptor.metadata, 'grpc') ?? {}, 'reflection_enabled') === true
  return isReflectedFirst(descriptor) || endpoints.grpcReflection || metadata.is('farp.grpc.reflection') || declared
}

/** Where to ask, in order: the address of the manifest where the rules allow it, the instance itself. */
export function reflectionAddresses({ location }: SchemaDescriptor, at: Whereabouts, findings: Finding[]): Address[] {
  const self = grpcAddress(at.own, at.metadata)
  if (location.type !== 'reflection' || location.address === undefined) return [self]
  const text = location.address.includes('://') ? location.address : `${self.scheme}://${location.address}`
  const scope = withAddress(at, self)
  const named = placesOf(text, { own: self, scope }, findings).flatMap(({ url }) => addressOf(url) ?? [])
  return named.length === 0 ? [self] : named
}

/** What a server says of itself, as a document, or why it says nothing. */
export async function reflected(
  address: Address,
  request: ReflectionRequest,
): Promise<{ document: JsonObject; findings: Finding[] } | FetchError | SchemaError> {
  const { fetcher, limits, signal } = request
  const { reflectGrpc } = await import('../adapters/grpc/reflect.ts')
  try {
    const { document, notes } = await reflectGrpc(address, {
      fetcher,
      limits,
      signal,
      scope: withAddress(request, grpcAddress(request.own, request.metadata)),
    })
    return { document, findings: notes.map((note) => finding('SCHEMA_INCOMPLETE', `${originOf(address)}: ${note}`)) }
  } catch (thrown) {
    if (thrown instanceof FetchError || thrown instanceof SchemaError) return thrown
    throw thrown
  }
}

/** The port for gRPC is the registry's word, as the other one is. */
function withAddress({ scope }: Whereabouts, address: Address): Whereabouts['scope'] {
  return { ...scope, registered: [...scope.registered, address] }
}
