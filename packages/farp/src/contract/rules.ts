import type { Context } from './schema/context.ts'
import type { Ledger } from './ledger.ts'

/** What comparing documents of any language gets. */
export interface Rules {
  readonly ledger: Ledger
  /** Parts that one schema may be put together from. */
  readonly parts: number
  readonly compare: Context['compare']
  /** Paths that are not part of the contract: nobody reaches them. */
  ignores(path: string): boolean
}
