import { table } from '../json.ts'
import type { Manifest, SchemaDescriptor } from '../manifest/manifest.ts'
import type { Metadata } from '../metadata.ts'

const implied = new WeakMap<Manifest, SchemaDescriptor>()

/** The schemas a manifest lists, and the one that it only implies: `endpoints.grpc_reflection`, or `farp.grpc.reflection` in the record. */
export function describedSchemas(manifest: Manifest, metadata: Metadata): readonly SchemaDescriptor[] {
  const { schemas, endpoints } = manifest
  const isImplied = (endpoints.grpcReflection || metadata.is('farp.grpc.reflection')) && schemas.every(({ type }) => type !== 'grpc')
  if (!isImplied) return schemas
  // One for each manifest: that it is another one is how a change is noticed.
  const descriptor = implied.get(manifest) ?? reflectedDescriptor()
  implied.set(manifest, descriptor)
  return [...schemas, descriptor]
}

function reflectedDescriptor(): SchemaDescriptor {
  return {
    type: 'grpc',
    specVersion: '',
    location: { type: 'reflection', address: undefined },
    contentType: undefined,
    hash: undefined,
    composition: undefined,
    metadata: table(),
    compatibility: undefined,
  }
}
