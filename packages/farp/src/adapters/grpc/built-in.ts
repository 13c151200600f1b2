import * as wellKnown from '@bufbuild/protobuf/wkt'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/**
 * The files that come with protobuf itself (`google/protobuf/timestamp.proto`…), by name. They stand in for what servers say of them: some invent files
 * of their own for these types, and two of those would contradict each other.
 */
export const BUILT_IN: ReadonlyMap<string, FileDescriptorProto> = new Map(
  Object.values(wellKnown).flatMap((item) =>
    typeof item === 'object' && 'kind' in item && item.kind === 'file' ? [[item.proto.name, item.proto] as const] : [],
  ),
)

/** The package whose types are all built in. */
export const BUILT_IN_PACKAGE = 'google.protobuf'
