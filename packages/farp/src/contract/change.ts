/** What changed. The first seven are the protocol's own (`breaking_changes[].type`). */
export type ChangeType =
  | 'field_removed'
  | 'field_type_changed'
  | 'field_required'
  | 'endpoint_removed'
  | 'endpoint_changed'
  | 'enum_value_removed'
  | 'method_removed'
  | 'constraint_changed'
  | 'default_changed'
  | 'deprecated'
  | 'endpoint_added'
  | 'enum_value_added'
  | 'field_added'
  | 'field_optional'
  | 'method_added'
  | 'not_judged'
  | 'security_changed'
  | 'variant_added'
  | 'variant_removed'

/**
 * What a change means to clients that were written for the previous contract: `breaking` (some of them fail), `unknown` (nobody can tell from the two
 * documents), `safe`.
 */
export type ChangeEffect = 'breaking' | 'unknown' | 'safe'

/** How much a change matters, in the protocol's words. */
export type ChangeSeverity = 'critical' | 'high' | 'medium' | 'low'

/** Which way the value goes: to the service, or to its clients. The same change can break one and be safe for the other. */
export type Direction = 'request' | 'response'

/** The languages that are compared member by member, and those of which only equality is known. */
export type ContractKind = 'openapi' | 'asyncapi' | 'graphql' | 'grpc' | 'orpc' | 'thrift' | 'avro' | 'custom'

/** One difference between two contracts. */
export interface ContractChange {
  readonly type: ChangeType
  readonly effect: ChangeEffect
  readonly severity: ChangeSeverity
  /** A JSON pointer (RFC 6901) into the document: the previous one for what was removed, the next one otherwise. Coordinates in GraphQL and protobuf. */
  readonly path: string
  /** For people: one sentence without the path. */
  readonly description: string
  /** Absent where it makes no difference. */
  readonly direction?: Direction
  /** The operations that have it: `GET /users/{id}`, `shop.Users/Get`. At most 20; none when it belongs to no operation. */
  readonly operations: readonly string[]
}

/** All differences between two contracts of one service. */
export interface ContractDiff {
  readonly kind: ContractKind
  /** The worst effect of all changes, those that were left out as well. */
  readonly effect: ChangeEffect
  /** How many there are of each effect, those that were left out as well. */
  readonly counts: Readonly<Record<ChangeEffect, number>>
  /** The worst first. */
  readonly changes: readonly ContractChange[]
  /** How many changes were left out of the list. */
  readonly omitted: number
  /** The operations that have a change which is not safe, or `all` when one belongs to the document as a whole. */
  readonly affected: readonly string[] | 'all'
}

const EFFECTS: readonly ChangeEffect[] = ['breaking', 'unknown', 'safe']
const SEVERITIES: readonly ChangeSeverity[] = ['critical', 'high', 'medium', 'low']

/** The worst of several effects; `safe` for none. */
export function worstOf(effects: Iterable<ChangeEffect>): ChangeEffect {
  let worst = EFFECTS.length - 1
  for (const effect of effects) worst = Math.min(worst, EFFECTS.indexOf(effect))
  return EFFECTS[worst]!
}

/** The worst first, then by path and description. */
export function byWeight(a: Omit<ContractChange, 'operations'>, b: Omit<ContractChange, 'operations'>): number {
  return (
    EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
    (a.description < b.description ? -1 : a.description > b.description ? 1 : 0)
  )
}
