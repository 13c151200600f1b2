/** What a peer may cost. Not options: they are the protocol's safety rules. */
export interface Limits {
  /** Bytes of a manifest, decoded. */
  readonly manifestBytes: number
  /** Bytes of a schema, decoded. */
  readonly schemaBytes: number
  /** Bytes of all schemas of one instance. */
  readonly schemasBytes: number
  /** Bytes of a schema in YAML: parsing it is slow and blocks. */
  readonly yamlBytes: number
  /** Decoded bytes per byte received. */
  readonly ratio: number
  readonly depth: number
  /** Values in one document, after aliases. */
  readonly nodes: number
  readonly schemas: number
  readonly paths: number
  readonly operations: number
  readonly services: number
  /** Registered instances of one service. */
  readonly instances: number
  /** Bytes of the body of a registration. */
  readonly pushBytes: number
  /** Characters of all manifests that were pushed. */
  readonly registeredCharacters: number
  /** Registrations of one service per minute, new ones included; changes of known ones have `updatesPerMinute`. */
  readonly registrationsPerMinute: number
  /** Failed authentications of one address per minute. */
  readonly failuresPerMinute: number
  /** Milliseconds for which a registration waits until its routes serve. */
  readonly registerMs: number
  readonly redirects: number
  /** Milliseconds for which a server that described itself is not asked again, as long as its manifest stays the same: it costs both sides more than a document. */
  readonly introspectionMs: number
  /** Milliseconds. */
  readonly connectMs: number
  readonly headersMs: number
  readonly totalMs: number
  readonly fetches: number
  readonly fetchesPerService: number
  /** Accepted changes of known instances per service and minute. */
  readonly updatesPerMinute: number
  /** Consecutive timeouts until an instance is taken out. */
  readonly misses: number
  /** Milliseconds in which changes are collected into one update. */
  readonly coalesceMs: number
  /** Milliseconds that generations may differ before it is a matter for the operator. */
  readonly inconsistentMs: number
}

export const LIMITS: Limits = {
  manifestBytes: 1_048_576,
  schemaBytes: 10_485_760,
  schemasBytes: 41_943_040,
  yamlBytes: 1_048_576,
  ratio: 100,
  depth: 64,
  nodes: 2_000_000,
  schemas: 50,
  paths: 5_000,
  operations: 10_000,
  services: 1_000,
  instances: 1_000,
  pushBytes: 2_097_152,
  registeredCharacters: 268_435_456,
  registrationsPerMinute: 600,
  failuresPerMinute: 10,
  registerMs: 5_000,
  redirects: 3,
  introspectionMs: 60_000,
  connectMs: 2_000,
  headersMs: 5_000,
  totalMs: 10_000,
  fetches: 8,
  fetchesPerService: 2,
  updatesPerMinute: 60,
  misses: 3,
  coalesceMs: 20,
  inconsistentMs: 600_000,
}
