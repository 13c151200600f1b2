/** One finished request, ready to be written. */
export interface AccessEntry {
  readonly traceId: string
  readonly method: string
  /** The path as sent, without the query: queries carry secrets. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  /** The name of the upstream, or `-` when the gateway answered itself. */
  readonly upstream: string
}

/** A sink for finished requests. Must not throw and must not block. */
export interface AccessLog {
  write(entry: AccessEntry): void
}
