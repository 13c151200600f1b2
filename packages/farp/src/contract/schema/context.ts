import type { ChangeEffect, ChangeSeverity, ChangeType, Direction } from '../change.ts'
import type { Ledger } from '../ledger.ts'
import type { Node, Side } from './side.ts'

/** Where a value goes, and how it is written. */
export interface Flow {
  readonly direction: Direction
  /** In a path, a query or a field every scalar is a text: a number that becomes a string is no narrower. */
  readonly isText: boolean
}

/** What comparing schemas needs. */
export interface Context {
  readonly previous: Side
  readonly next: Side
  readonly ledger: Ledger
  /** Parts that one schema may be put together from. */
  readonly parts: number
  /** Compares two schemas: `compareSchemas`, which all rules call again for what is inside. */
  compare(previous: readonly Node[], next: readonly Node[], flow: Flow, context: Context): void
}

/** One change of a schema, before its effect is known. */
export interface Finding {
  readonly type: ChangeType
  readonly path: string
  readonly description: string
  readonly severity: ChangeSeverity
}

/** Writes down a change whose effect each direction has of its own. */
export function note(
  { ledger }: Context,
  { direction }: Flow,
  finding: Finding & { readonly request: ChangeEffect; readonly response: ChangeEffect },
): void {
  const { type, path, description, severity, request, response } = finding
  const effect = direction === 'request' ? request : response
  ledger.add({ type, path, description, effect, direction, severity: effect === 'safe' ? 'low' : severity })
}

/** Fewer values are accepted or sent than before. */
export const NARROWER = { request: 'breaking', response: 'safe' } as const
/** More values are accepted or sent than before. */
export const WIDER = { request: 'safe', response: 'breaking' } as const
/** More values are sent than before, of a sort that many clients cope with. */
export const LOOSER = { request: 'safe', response: 'unknown' } as const
/** Neither includes the other. */
export const OTHER = { request: 'breaking', response: 'breaking' } as const
/** Nobody can tell. */
export const UNCLEAR = { request: 'unknown', response: 'unknown' } as const
