/** What a schema promises to those who use the one before. Written as in the manifest. */
export interface Compatibility {
  readonly mode: 'backward' | 'forward' | 'full' | 'backward_transitive' | 'forward_transitive' | 'none'
  readonly previous_versions?: readonly string[]
  readonly breaking_changes?: readonly BreakingChange[]
  readonly deprecations?: readonly Deprecation[]
}

/** A change that breaks somebody. */
export interface BreakingChange {
  readonly type:
    | 'field_removed'
    | 'field_type_changed'
    | 'field_required'
    | 'endpoint_removed'
    | 'endpoint_changed'
    | 'enum_value_removed'
    | 'method_removed'
  readonly path: string
  readonly description: string
  readonly severity: 'critical' | 'high' | 'medium' | 'low'
  readonly migration?: string
}

/** Something that will go. Dates are ISO 8601. */
export interface Deprecation {
  readonly path: string
  readonly deprecated_at: string
  readonly removal_date?: string
  readonly replacement?: string
  readonly migration?: string
  readonly reason?: string
}
