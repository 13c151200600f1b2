export { farp } from './farp.ts'
export { farpOptions } from './options.ts'
export type { AdaptedSchema, AdapterContext, OperationProtocol, SchemaAdapter, SchemaOperation, SchemaType } from './adapters/adapter.ts'
export type { SchemaAdapters } from './adapters/index.ts'
export { operationAt } from './adapters/operation.ts'
export type { OperationTraits } from './adapters/operation.ts'
export type { HintKind } from './manifest/hints.ts'
export type { Limits } from './limits.ts'
export { SchemaError } from './schemas/parse.ts'
export type { FarpAuthOptions, FarpOptions, FarpWebhookOptions, UpdatePolicy } from './options.ts'
export type { PushCertificate, PushOptions, PushToken } from './push/options.ts'
export type { FindingCode } from './findings.ts'

export { parseManifest } from './manifest/parse.ts'
export type { ParsedManifest, ParseOptions } from './manifest/parse.ts'
export { ManifestError } from './manifest/manifest.ts'
export type {
  Composition,
  ConflictStrategy,
  InstanceAccount,
  Manifest,
  ManifestCode,
  MountStrategy,
  Routing,
  SchemaDescriptor,
  SchemaLocation,
} from './manifest/manifest.ts'
export type { AccessRule, AuthDeclaration, DeclaredScheme } from './manifest/auth.ts'
export { isChecksumOf, manifestChecksum } from './manifest/checksum.ts'
export type { HashedDescriptor } from './manifest/checksum.ts'
export { canonicalJson, isHashOf, schemaHash } from './schemas/canonical.ts'
export type { HashPolicy } from './schemas/load.ts'

export { compareContracts } from './contract/compare.ts'
export type { CompareOptions } from './contract/compare.ts'
export type { ChangeEffect, ChangeSeverity, ChangeType, ContractChange, ContractDiff, ContractKind, Direction } from './contract/change.ts'

export { mountOf, mountPath, upstreamPath } from './mount.ts'
export type { Mount, MountRequest, StripRequest } from './mount.ts'
export { mergeAsyncApi } from './merge/asyncapi/merge.ts'
export { mergeGraphql } from './merge/graphql/merge.ts'
export { grpcBinary, mergeGrpc } from './merge/grpc/merge.ts'
export { mergeOpenApi } from './merge/openapi/merge.ts'
export { mergeOrpc } from './merge/orpc.ts'
export type { Exclusion, FederatedInfo, MergeConflict, Merged, MergeOptions, SecurityMerge } from './merge/merged.ts'
export type { FederatedService, RoutedOperation } from './merge/input.ts'

export { parseCapabilities } from './metadata.ts'
export { parseAddress } from './address.ts'
export type { Address } from './address.ts'
export { parseGoDuration } from './duration.ts'
export { compareVersions } from './semver.ts'

export { FetchError } from './net/fetcher.ts'
export type { Fetcher, FetchFailure, FetchRequest, FetchResponse } from './net/fetcher.ts'
export { undiciFetcher } from './net/undici.ts'

export { examineManifest } from './tools/examine.ts'
export type { Examination } from './tools/examine.ts'
export { inspectService } from './tools/inspect.ts'
export type { HashVerdict, InspectedSchema, ServiceInspection } from './tools/inspect.ts'
export { fetchManifestBytes } from './tools/target.ts'
export { fetchContractBytes, isContractKind, readContract } from './tools/contract.ts'
export type { ContractDocument } from './tools/contract.ts'
