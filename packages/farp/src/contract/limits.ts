/** What one comparison may cost. Whatever is not looked at is reported as `not_judged`. */
export interface ContractLimits {
  /** Pairs of schemas. */
  readonly comparisons: number
  /** Changes kept; the others are counted. */
  readonly changes: number
  /** Parts that a schema is put together from by `allOf` and references. */
  readonly parts: number
}

export const CONTRACT_LIMITS: ContractLimits = { comparisons: 200_000, changes: 500, parts: 500 }
