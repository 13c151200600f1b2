import { table } from '../json.ts'
import type { Manifest, SchemaDescriptor } from '../manifest/manifest.ts'
import type { Metadata } from '../metadata.ts'

const REFLECTED: SchemaDescriptor = {
  type: 'grpc',
  specVersion: '',
  location: { type: 'reflection', address: undefined },
  contentType: undefined,
  hash: undefined,
  composition: undefined,
  metadata: table(),
  compatibility: undefined,
}

/** The schemas a manifest lists, and the one that it only implies: `endpoints.grpc_reflection`, or `farp.grpc.reflection` in the record. */
export function describedSchemas({ schemas, endpoints }: Manifest, metadata: Metadata): readonly SchemaDescriptor[] {
  const isImplied = (endpoints.grpcReflection || metadata.is('farp.grpc.reflection')) && schemas.every(({ type }) => type !== 'grpc')
  return isImplied ? [...schemas, REFLECTED] : schemas
}
