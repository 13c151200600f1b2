import { formatTable } from '../../print.ts'

/** What is told of a change, by the library or by the admin API. */
export interface ShownChange {
  readonly effect: string
  readonly severity: string
  readonly direction?: string
  readonly operations: readonly string[]
  readonly path: string
  readonly description: string
}

/** A table of changes. */
export function changeTable(changes: readonly ShownChange[]): string {
  return formatTable(
    ['EFFECT', 'SEVERITY', 'WAY', 'OPERATION', 'CHANGE', 'PLACE'],
    changes.map(({ effect, severity, direction, operations, path, description }) => [
      effect,
      severity,
      direction ?? '-',
      operations.length === 0 ? '-' : `${operations[0]!}${operations.length > 1 ? ` and ${operations.length - 1} more` : ''}`,
      description,
      path === '' ? '-' : path,
    ]),
  )
}

/** `2 breaking, 0 unknown, 3 safe`. */
export function countsOf(counts: Readonly<Record<string, number>>): string {
  return ['breaking', 'unknown', 'safe'].map((effect) => `${counts[effect] ?? 0} ${effect}`).join(', ')
}
