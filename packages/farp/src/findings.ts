import { clean } from './text.ts'
import type { Finding } from '@octopus-gateway/core'

/** Every code a FARP finding can carry. `docs/farp.md` explains each. */
export type FindingCode =
  | 'ADDRESS_BLOCKED'
  | 'AUTH_NOBODY'
  | 'AUTH_NOT_ENFORCED'
  | 'AUTH_RELAXATION'
  | 'AUTH_UNCLEAR'
  | 'AUTH_WIDENED'
  | 'CHANNEL_SKIPPED'
  | 'CHECKSUM_MISMATCH'
  | 'CONTRACT_BROKEN'
  | 'CONTRACT_CHANGED'
  | 'CONTRACT_HELD'
  | 'EXPECTED_CHECKSUM'
  | 'FOREIGN_HOST'
  | 'GENERATIONS_DIFFER'
  | 'HASH_MISMATCH'
  | 'HINT_NOT_APPLIED'
  | 'INCOMPATIBLE_VERSION'
  | 'INSTANCE_UNREACHABLE'
  | 'INVALID_MANIFEST'
  | 'LIMIT_EXCEEDED'
  | 'MANIFEST_LENIENT'
  | 'MANIFEST_UNAVAILABLE'
  | 'METADATA_ONLY'
  | 'MOUNT_REFUSED'
  | 'NOTHING_ROUTABLE'
  | 'NOT_SUPPORTED_YET'
  | 'NO_ADDRESS'
  | 'PATH_SKIPPED'
  | 'REGISTRATION_CONFLICT'
  | 'SCHEMA_FALLBACK'
  | 'SCHEMA_INCOMPLETE'
  | 'SCHEMA_INCONSISTENT'
  | 'SCHEMA_INVALID'
  | 'SCHEMA_STALE'
  | 'SCHEMA_UNAVAILABLE'
  | 'SERVER_IGNORED'
  | 'SERVICE_NAME_DIFFERS'
  | 'SERVICE_NAME_TAKEN'
  | 'TAGS_FILTERED'
  | 'TRAFFIC_DIFFERS'
  | 'UPDATE_FLOOD'
  | 'VALIDATION'
  | 'VERSIONS_DIFFER'

const SEVERITY: Readonly<Record<FindingCode, Finding['severity']>> = {
  ADDRESS_BLOCKED: 'error',
  AUTH_NOBODY: 'error',
  AUTH_NOT_ENFORCED: 'warning',
  AUTH_RELAXATION: 'warning',
  AUTH_UNCLEAR: 'warning',
  AUTH_WIDENED: 'warning',
  CHANNEL_SKIPPED: 'info',
  CHECKSUM_MISMATCH: 'error',
  CONTRACT_BROKEN: 'warning',
  CONTRACT_CHANGED: 'info',
  CONTRACT_HELD: 'error',
  EXPECTED_CHECKSUM: 'warning',
  FOREIGN_HOST: 'warning',
  GENERATIONS_DIFFER: 'info',
  HASH_MISMATCH: 'warning',
  HINT_NOT_APPLIED: 'info',
  INCOMPATIBLE_VERSION: 'error',
  INSTANCE_UNREACHABLE: 'error',
  INVALID_MANIFEST: 'error',
  LIMIT_EXCEEDED: 'error',
  MANIFEST_LENIENT: 'info',
  MANIFEST_UNAVAILABLE: 'error',
  METADATA_ONLY: 'warning',
  MOUNT_REFUSED: 'error',
  NOTHING_ROUTABLE: 'warning',
  NOT_SUPPORTED_YET: 'warning',
  NO_ADDRESS: 'error',
  PATH_SKIPPED: 'warning',
  REGISTRATION_CONFLICT: 'warning',
  SCHEMA_FALLBACK: 'info',
  SCHEMA_INCOMPLETE: 'warning',
  SCHEMA_INCONSISTENT: 'warning',
  SCHEMA_INVALID: 'error',
  SCHEMA_STALE: 'warning',
  SCHEMA_UNAVAILABLE: 'error',
  SERVER_IGNORED: 'info',
  SERVICE_NAME_DIFFERS: 'info',
  SERVICE_NAME_TAKEN: 'error',
  TAGS_FILTERED: 'info',
  TRAFFIC_DIFFERS: 'warning',
  UPDATE_FLOOD: 'warning',
  VALIDATION: 'error',
  VERSIONS_DIFFER: 'warning',
}

/** A finding with the severity of its code. Message and pointer are cleaned: parts of them come from the network. */
export function finding(code: FindingCode, message: string, pointer?: string): Finding {
  return { code, severity: SEVERITY[code], message: clean(message), ...(pointer === undefined ? {} : { pointer: clean(pointer) }) }
}

/** The same findings, each with the instance it is about. */
export function about(instance: string, findings: readonly Finding[]): Finding[] {
  return findings.map((item) => ({ ...item, instance: clean(instance, 200) }))
}

/** All codes with their usual severity. */
export const FINDING_CODES: ReadonlyMap<string, Finding['severity']> = new Map(Object.entries(SEVERITY))
