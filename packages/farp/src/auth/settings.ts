/** What this gateway makes of the demands of services. */
export interface AuthSettings {
  /** `auto`: where the gateway asks anybody about callers at all. */
  readonly enforce: 'auto' | 'always' | 'never'
  /** The operator's auth providers for a kind of scheme; empty: nothing is mapped, and every provider counts for every kind. */
  readonly providers: ReadonlyMap<string, readonly string[]>
  /** Whether an update of a service may take back what it demanded before. */
  readonly allowRelaxation: boolean
  /** What counts for services that demand nothing: the gateway's policy, or a caller who is known. */
  readonly otherwise: 'inherit' | 'required'
}
